//! How the messages look on the wire.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::gen_server::model::{Handler, Kind, Model, Param, Pattern};
use crate::written::here;

use super::super::Names;
use super::never;

pub(super) fn expand(model: &Model, names: &Names<'_>) -> TokenStream {
    let Names {
        gen_server,
        etf,
        cfgs,
        out,
        ..
    } = names;
    let name = &model.message;
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    if model.owner.stub {
        return stub(model, names);
    }
    let call = decoder(model, names, Kind::Call);
    let cast = decoder(model, names, Kind::Cast);
    let info = decoder(model, names, Kind::Info);
    let signals = signals(model, names);
    let encode = encode(model, names);
    let kind = kind(model, names);
    let info_encode = model.has_infos().then(|| encode_info(model, names));
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics #gen_server::Message for #name #ty_generics #bounds {
            #call
            #cast
            #info
            #signals

            fn encode(
                &self,
                #out: &mut #etf::Encoder,
            ) -> ::core::result::Result<(), #etf::EncodeError> {
                match *self {
                    #encode
                }
            }

            fn kind(&self) -> #gen_server::MessageKind {
                match *self {
                    #kind
                }
            }
        }

        #info_encode
    }
}

/// Beside errors, what other code may name is there, and nothing runs.
fn stub(model: &Model, names: &Names<'_>) -> TokenStream {
    let Names {
        gen_server,
        etf,
        cfgs,
        ..
    } = names;
    let name = &model.message;
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    quote! {
        #(#cfgs)*
        impl #impl_generics #gen_server::Message for #name #ty_generics #bounds {
            fn encode(
                &self,
                _: &mut #etf::Encoder,
            ) -> ::core::result::Result<(), #etf::EncodeError> {
                ::core::unreachable!()
            }

            fn kind(&self) -> #gen_server::MessageKind {
                ::core::unreachable!()
            }
        }
    }
}

/// `decode_call`, `decode_cast` or `decode_info`, if there is a handler for it.
fn decoder(model: &Model, names: &Names<'_>, kind: Kind) -> Option<TokenStream> {
    let Names {
        gen_server, etf, ..
    } = names;
    let handlers: Vec<&Handler> = model
        .handlers
        .iter()
        .filter(|h| h.kind == kind && !h.local)
        .collect();
    if handlers.is_empty() {
        return None;
    }
    let arms: Vec<TokenStream> = handlers
        .iter()
        .filter_map(|handler| {
            let (cfgs, head) = (handler.attrs.cfgs(), handler.head()?);
            let message = decoded(model, names, handler);
            Some(quote! {
                #(#cfgs)*
                #head => {
                    request.enter_head()?;
                    ::core::result::Result::Ok(::core::option::Option::Some(#message))
                }
            })
        })
        .collect();
    let any = handlers.iter().find(|h| h.pattern == Pattern::Any);
    let otherwise = match any {
        Some(handler) => {
            let message = decoded(model, names, handler);
            let cfgs = handler.attrs.cfgs();
            let cfgs: Vec<_> = cfgs.map(|attr| &attr.meta).collect();
            match &cfgs[..] {
                [] => {
                    quote!(_ => ::core::result::Result::Ok(::core::option::Option::Some(#message)),)
                }
                _ => {
                    let cfgs = handler.attrs.cfgs();
                    quote! {
                        #(#cfgs)*
                        _ => ::core::result::Result::Ok(::core::option::Option::Some(#message)),
                        #[allow(unreachable_patterns)]
                        _ => ::core::result::Result::Ok(::core::option::Option::None),
                    }
                }
            }
        }
        None => quote!(_ => ::core::result::Result::Ok(::core::option::Option::None),),
    };
    let body = if arms.is_empty() {
        quote!(match () { #otherwise })
    } else {
        quote! {
            let head = request.head()?;
            let head = head.as_ref().map_or(("", ::core::option::Option::None), |head| {
                (&*head.tag, head.args)
            });
            match head {
                #(#arms)*
                #otherwise
            }
        }
    };
    let output = quote! {
        ::core::result::Result<::core::option::Option<Self>, #etf::DecodeError>
    };
    Some(match kind {
        Kind::Call => quote! {
            fn decode_call(
                request: &mut #etf::Decoder<'_>,
                caller: &#gen_server::Caller,
            ) -> #output {
                #body
            }
        },
        Kind::Cast => quote! {
            fn decode_cast(request: &mut #etf::Decoder<'_>) -> #output {
                #body
            }
        },
        _ => quote! {
            fn decode_info(request: &mut #etf::Decoder<'_>) -> #output {
                #body
            }
        },
    })
}

/// The message, its arguments read from `request`.
fn decoded(model: &Model, names: &Names<'_>, handler: &Handler) -> TokenStream {
    let gen_server = &names.gen_server;
    let variant = here(&handler.variant);
    let path = format!(
        "{}.{}",
        model.owner.ident,
        crate::case::unraw(&handler.method)
    );
    let fields = handler.arguments().map(|param| {
        let ident = &param.ident;
        let name = crate::case::unraw(ident);
        let ty = &param.ty;
        let read = quote_spanned!(ty.span()=> <#ty as #gen_server::Payload>::read);
        quote! {
            #ident: #read(request).map_err(|error| error.at_field(#name).at_name(#path))?,
        }
    });
    match handler.kind {
        Kind::Info => {
            let (info, wrapper) = (&model.info, model.info_variant());
            quote!(Self::#wrapper(#info::#variant { #(#fields)* }))
        }
        Kind::Call => {
            let (reply, answer) = (handler.reply_field(), handler.answer());
            let reply_to =
                quote_spanned!(answer.span()=> <#answer as #gen_server::Payload>::reply_to);
            quote!(Self::#variant { #(#fields)* #reply: #reply_to(caller) })
        }
        _ => quote!(Self::#variant { #(#fields)* }),
    }
}

/// `from_down` and `from_exit`
fn signals(model: &Model, names: &Names<'_>) -> TokenStream {
    let gen_server = &names.gen_server;
    let one = |handler: &Handler| {
        let (variant, cfgs) = (here(&handler.variant), handler.attrs.cfgs());
        let (function, ty, field) = match handler.kind {
            Kind::Down => (quote!(from_down), quote!(Down), quote!(down)),
            Kind::Exit => (quote!(from_exit), quote!(Exit), quote!(exit)),
            _ => return None,
        };
        Some(quote! {
            #(#cfgs)*
            fn #function(
                #field: #gen_server::#ty,
            ) -> ::core::result::Result<Self, #gen_server::#ty> {
                ::core::result::Result::Ok(Self::#variant { #field })
            }
        })
    };
    model.direct().filter_map(one).collect()
}

/// The arms of `encode`.
fn encode(model: &Model, names: &Names<'_>) -> TokenStream {
    let Names { etf, out, .. } = names;
    let info_variant = model.info_variant();
    let wrapped = model
        .has_infos()
        .then(|| quote!(Self::#info_variant(ref info) => #etf::Encode::encode(info, #out),));
    let arms = model.direct().map(|handler| encoded(names, handler));
    let never = never(model, false);
    quote!(#wrapped #(#arms)* #never)
}

/// An info is a term.
fn encode_info(model: &Model, names: &Names<'_>) -> TokenStream {
    let Names { etf, cfgs, out, .. } = names;
    let name = &model.info;
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let arms = model.infos().map(|handler| encoded(names, handler));
    let never = never(model, true);
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics #etf::Encode for #name #ty_generics #bounds {
            fn encode(
                &self,
                #out: &mut #etf::Encoder,
            ) -> ::core::result::Result<(), #etf::EncodeError> {
                match *self {
                    #(#arms)*
                    #never
                }
            }
        }
    }
}

fn encoded(names: &Names<'_>, handler: &Handler) -> TokenStream {
    let Names {
        gen_server,
        etf,
        out,
        ..
    } = names;
    let (variant, cfgs) = (here(&handler.variant), handler.attrs.cfgs());
    let cfgs = quote!(#(#cfgs)*);
    let written = |param: &Param| {
        let (ident, ty) = (&param.ident, &param.ty);
        let write = quote_spanned!(ty.span()=> <#ty as #gen_server::Payload>::write);
        quote!(#write(#ident, #out)?;)
    };
    let idents: Vec<_> = handler.arguments().map(|param| &param.ident).collect();
    let local = handler.local || handler.pattern == Pattern::Signal;
    if local {
        return quote! {
            #cfgs
            Self::#variant { .. } => ::core::result::Result::Err(#etf::EncodeError::LocalOnly),
        };
    }
    let arguments: Vec<_> = handler.arguments().map(written).collect();
    let head = match &handler.pattern {
        Pattern::Tag(tag) => {
            let arity = arguments.len() + 1;
            let tuple = (arity > 1).then(|| quote!(#out.tuple(#arity)?;));
            quote! {
                #tuple
                #out.name({
                    static NAME: #etf::derive::Name = #etf::derive::Name::new(#tag);
                    &NAME
                })?;
            }
        }
        _ => quote!(),
    };
    quote! {
        #cfgs
        Self::#variant { #(ref #idents,)* .. } => {
            #head
            #(#arguments)*
            ::core::result::Result::Ok(())
        }
    }
}

/// The arms of `kind`.
fn kind(model: &Model, names: &Names<'_>) -> TokenStream {
    let gen_server = &names.gen_server;
    let info_variant = model.info_variant();
    let wrapped = model
        .has_infos()
        .then(|| quote!(Self::#info_variant(_) => #gen_server::MessageKind::Info,));
    let arms = model.direct().map(|handler| {
        let (variant, cfgs) = (here(&handler.variant), handler.attrs.cfgs());
        let kind = match handler.kind {
            Kind::Call => quote!(Call),
            Kind::Cast => quote!(Cast),
            _ => quote!(Info),
        };
        quote!(#(#cfgs)* Self::#variant { .. } => #gen_server::MessageKind::#kind,)
    });
    let never = never(model, false);
    quote!(#wrapped #(#arms)* #never)
}
