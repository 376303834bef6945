//! The enum of messages, and the enum of infos in it.

mod wire;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Type;

use crate::gen_server::model::{Handler, Kind, Model};
use crate::written::{doc, here, unused_params};

use super::Names;

pub(super) fn expand(model: &Model) -> TokenStream {
    let names = Names::of(model);
    let message = message(model, &names);
    let info = model.has_infos().then(|| info(model, &names));
    let wire = wire::expand(model, &names);
    quote!(#message #info #wire)
}

/// `enum KvMessage { Get { key: Term, reply: ReplyTo<Term> }, …, Info(KvInfo) }`
fn message(model: &Model, names: &Names<'_>) -> TokenStream {
    let (name, info, cfgs) = (&model.message, &model.info, names.cfgs);
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let info_variant = model.info_variant();
    let wrapped = model.has_infos().then(|| {
        quote! {
            /// A message that is neither a call nor a cast.
            #info_variant(#info #ty_generics),
        }
    });
    let text = doc(format!(
        "What a `{}` is asked and told: one variant for each of its handlers.",
        model.owner.ident
    ));
    let (body, arms) = body(model, names, false);
    let wrapped_arm = model
        .has_infos()
        .then(|| quote!(Self::#info_variant(ref info) => ::core::fmt::Debug::fmt(info, f),));
    let params = Params(model);
    let from = model.has_infos().then(|| {
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics ::core::convert::From<#info #ty_generics> for #name #ty_generics
            #bounds
            {
                fn from(info: #info #ty_generics) -> Self {
                    Self::#info_variant(info)
                }
            }
        }
    });
    quote! {
        #(#cfgs)*
        #text
        #[allow(private_interfaces)]
        pub enum #name #params #bounds {
            #wrapped
            #body
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #name #ty_generics #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match *self {
                    #wrapped_arm
                    #arms
                }
            }
        }

        #from
    }
}

/// `enum KvInfo { Sweep, … }`
fn info(model: &Model, names: &Names<'_>) -> TokenStream {
    let (name, cfgs) = (&model.info, names.cfgs);
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let text = doc(format!(
        "The messages of a `{}` that are neither calls nor casts; in Erlang they are sent with `!`.",
        model.owner.ident
    ));
    let (body, arms) = body(model, names, true);
    let params = Params(model);
    let clone = clone(model, names);
    quote! {
        #(#cfgs)*
        #text
        #[allow(private_interfaces)]
        pub enum #name #params #bounds {
            #body
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #name #ty_generics #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match *self {
                    #arms
                }
            }
        }

        #clone
    }
}

/// The generic parameters of a declaration, bounds included.
struct Params<'a>(&'a Model);

impl ToTokens for Params<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let params = &self.0.owner.generics.params;
        if !params.is_empty() {
            tokens.extend(quote!(<#params>));
        }
    }
}

/// The variants of an enum, and how `Debug` names them: without the fields, which may be secrets
/// and need not be `Debug`.
fn body(model: &Model, names: &Names<'_>, infos: bool) -> (TokenStream, TokenStream) {
    let handlers = handlers(model, infos);
    let variants = handlers
        .iter()
        .map(|handler| variant(model, handler, names));
    let arms = handlers.iter().map(|handler| {
        let (variant, cfgs) = (here(&handler.variant), handler.attrs.cfgs());
        let text = variant.to_string();
        let written = if has_fields(handler) {
            quote!(f.debug_struct(#text).finish_non_exhaustive())
        } else {
            quote!(f.write_str(#text))
        };
        quote!(#(#cfgs)* Self::#variant { .. } => #written,)
    });
    let never = never(model, infos);
    let unused = unused_params(&model.owner.generics, fields(model, infos)).map(|params| {
        quote! {
            #[doc(hidden)]
            __Unused(::core::convert::Infallible, #params),
        }
    });
    (quote!(#(#variants)* #unused), quote!(#(#arms)* #never))
}

/// The handlers with a variant in the enum of infos, or in that of messages.
fn handlers(model: &Model, infos: bool) -> Vec<&Handler> {
    if infos {
        model.infos().collect()
    } else {
        model.direct().collect()
    }
}

/// The types of all fields.
fn types(model: &Model, infos: bool) -> Vec<Type> {
    let mut types = Vec::new();
    for handler in handlers(model, infos) {
        types.extend(handler.arguments().map(|param| param.ty.clone()));
        if handler.kind == Kind::Call {
            types.push(handler.answer());
        }
    }
    if !infos && model.has_infos() {
        let (info, (_, ty_generics, _)) = (&model.info, model.owner.generics.split_for_impl());
        types.push(syn::parse_quote!(#info #ty_generics));
    }
    types
}

fn fields(model: &Model, infos: bool) -> TokenStream {
    let types = types(model, infos);
    quote!(#(#types),*)
}

/// The arm of the variant that there is only for type parameters that no field has.
pub(super) fn never(model: &Model, infos: bool) -> Option<TokenStream> {
    let name = if infos { &model.info } else { &model.message };
    unused_params(&model.owner.generics, fields(model, infos))
        .map(|_| quote!(#name::__Unused(ref never, _) => match *never {},))
}

fn variant(model: &Model, handler: &Handler, names: &Names<'_>) -> TokenStream {
    let variant = &handler.variant;
    let cfgs = handler.attrs.cfgs();
    let documented = handler.attrs.docs().next().is_some();
    let docs = handler.attrs.docs();
    let about =
        (!documented).then(|| doc(format!("For `{}::{}`.", model.owner.ident, handler.method)));
    let pattern = doc(format!(" In Erlang: `{}`.", handler.erlang()));
    let gap = documented.then(|| doc(""));
    let about = quote!(#(#docs)* #about #gap #pattern #(#cfgs)*);
    if !has_fields(handler) {
        return quote!(#about #variant,);
    }
    let fields = handler.arguments().map(|param| {
        let (ident, ty) = (&param.ident, &param.ty);
        let text = doc(format!("The argument `{ident}`."));
        quote!(#text #ident: #ty,)
    });
    let reply = (handler.kind == Kind::Call).then(|| {
        let (field, answer, gen_server) =
            (handler.reply_field(), handler.answer(), &names.gen_server);
        quote! {
            /// Whom to answer.
            #field: #gen_server::ReplyTo<#answer>,
        }
    });
    let signal = signal_field(handler, names);
    quote!(#about #variant { #(#fields)* #reply #signal },)
}

/// The field of `#[info(down)]` and `#[info(exit)]`.
fn signal_field(handler: &Handler, names: &Names<'_>) -> Option<TokenStream> {
    let gen_server = &names.gen_server;
    match handler.kind {
        Kind::Down => Some(quote! {
            /// What ended, and why.
            down: #gen_server::Down,
        }),
        Kind::Exit => Some(quote! {
            /// Who ended, and why.
            exit: #gen_server::Exit,
        }),
        _ => None,
    }
}

fn has_fields(handler: &Handler) -> bool {
    match handler.kind {
        Kind::Cast | Kind::Info => handler.arity() > 0,
        Kind::Call | Kind::Down | Kind::Exit => true,
    }
}

/// `Clone` for infos, as timers that repeat need it: where the fields are `Clone`.
fn clone(model: &Model, names: &Names<'_>) -> TokenStream {
    let handlers = handlers(model, true);
    let (name, cfgs) = (&model.info, names.cfgs);
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let arms = handlers.iter().map(|handler| {
        let (variant, cfgs) = (here(&handler.variant), handler.attrs.cfgs());
        let idents: Vec<&Ident> = handler.arguments().map(|p| &p.ident).collect();
        quote! {
            #(#cfgs)*
            Self::#variant { #(ref #idents),* } => Self::#variant {
                #(#idents: ::core::clone::Clone::clone(#idents)),*
            },
        }
    });
    let never = never(model, true);
    // A type that a `cfg` takes away cannot be named in a bound, which has no `cfg` of its own.
    let bound = handlers
        .iter()
        .filter(|handler| handler.attrs.cfgs().next().is_none())
        .flat_map(|handler| handler.arguments())
        .map(|param| &param.ty);
    let user = bounds
        .map(|clause| clause.predicates.iter())
        .into_iter()
        .flatten();
    // The lifetime keeps the compiler from refusing a bound that is plainly false: there is just
    // no `Clone` then.
    let lifetime = syn::Lifetime::new("'clone", Span::mixed_site());
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::clone::Clone for #name #ty_generics
        where
            #(#user,)*
            #(for<#lifetime> #bound: ::core::clone::Clone,)*
        {
            fn clone(&self) -> Self {
                match *self {
                    #(#arms)*
                    #never
                }
            }
        }
    }
}
