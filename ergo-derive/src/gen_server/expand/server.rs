//! The state's side: `impl Server`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use crate::gen_server::model::{Fallible, Handler, Init, Kind, Model, Output, Param, Role};
use crate::gen_server::options::Unknown;
use crate::written::{awaited, here};

use super::{Names, idents, message};

pub(super) fn expand(model: &Model) -> TokenStream {
    let names = Names::of(model);
    let Names {
        gen_server,
        sys,
        term,
        ctx,
        cfgs,
        ..
    } = &names;
    let (self_ty, message) = (&model.owner.self_ty, &model.message);
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let args = args(model.init.as_ref());
    let unknown = match model.unknown {
        Unknown::Reply => quote!(Reply),
        Unknown::Crash => quote!(Crash),
        Unknown::Ignore => quote!(Ignore),
    };
    let (init, (handle_now, handle), terminate) = if model.owner.stub {
        let unreachable = quote!(::core::unreachable!());
        (unreachable.clone(), (None, unreachable), None)
    } else {
        (
            init(model, &names),
            handlers(model, &names),
            terminate(model, &names),
        )
    };
    let idents = idents(arguments(model.init.as_ref()));
    let taken = if model.owner.stub {
        quote!(_)
    } else {
        quote!((#(#idents,)*))
    };
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #gen_server::Server for #self_ty #bounds {
            type Args = (#(#args,)*);
            type Message = #message #ty_generics;

            const UNKNOWN: #gen_server::Unknown = #gen_server::Unknown::#unknown;

            async fn init(
                #taken: Self::Args,
                #ctx: &mut #gen_server::Context<Self>,
            ) -> ::core::result::Result<Self, #gen_server::InitError> {
                #init
            }

            #handle_now

            async fn handle(
                &mut self,
                message: Self::Message,
                #ctx: &mut #gen_server::Context<Self>,
            ) -> #gen_server::Next {
                #handle
            }

            #terminate

            fn format_state(&self) -> #term::Term {
                #[allow(unused_imports)]
                use #sys::shown::{AsDebug as _, AsName as _, AsTerm as _};
                (&&&#sys::shown::Shown(self)).show()
            }
        }
    }
}

pub(super) fn arguments(init: Option<&Init>) -> impl Iterator<Item = &Param> {
    init.into_iter()
        .flat_map(|init| &init.params)
        .filter(|param| param.role == Role::Argument)
}

/// The types of `Server::Args`; of an `#[init]` with errors, none.
fn args(init: Option<&Init>) -> Vec<&Type> {
    arguments(init.filter(|init| !init.broken))
        .map(|param| &param.ty)
        .collect()
}

fn init(model: &Model, names: &Names<'_>) -> TokenStream {
    let Some(init) = &model.init else {
        return quote!(::core::unreachable!());
    };
    let made = invocation(&init.method, None, &init.params, init.is_async, names);
    match &init.fallible {
        Some(Fallible { error }) => {
            let gen_server = &names.gen_server;
            let into = match error {
                Some(ty) => {
                    quote_spanned!(ty.span()=> <#ty as #gen_server::IntoInitError>::into_init_error)
                }
                None => quote!(#gen_server::IntoInitError::into_init_error),
            };
            quote! {
                match #made {
                    ::core::result::Result::Ok(state) => ::core::result::Result::Ok(state),
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err(#into(error))
                    }
                }
            }
        }
        None => quote!(::core::result::Result::Ok(#made)),
    }
}

/// The call of the user's method, awaited if it is async.
fn invocation(
    method: &Ident,
    receiver: Option<TokenStream>,
    params: &[Param],
    is_async: bool,
    names: &Names<'_>,
) -> TokenStream {
    let arguments = params.iter().map(|param| match param.role {
        Role::Context => names.ctx.to_token_stream(),
        _ => param.ident.to_token_stream(),
    });
    let arguments = receiver.into_iter().chain(arguments);
    if !is_async {
        return quote!(Self::#method(#(#arguments),*));
    }
    awaited(
        method,
        names.gen_server.clone(),
        |at| quote_spanned!(at=> Self::#method(#(#arguments),*)),
    )
}

/// One arm for each handler that does not wait, in `handle_now`, and for each that does, in `handle`: a message whose
/// handler does not wait needs no future.
fn handlers(model: &Model, names: &Names<'_>) -> (Option<TokenStream>, TokenStream) {
    let Names {
        gen_server, ctx, ..
    } = names;
    let (message, info) = (&model.message, &model.info);
    let info_variant = model.info_variant();
    let arms = |is_async: bool| -> Vec<TokenStream> {
        let fits = |handler: &&Handler| handler.is_async == is_async;
        let direct = model.direct().filter(fits).map(|handler| {
            let variant = here(&handler.variant);
            arm(names, handler, |fields| quote!(#message::#variant #fields))
        });
        let infos = model.infos().filter(fits).map(|handler| {
            let variant = here(&handler.variant);
            arm(
                names,
                handler,
                |fields| quote!(#message::#info_variant(#info::#variant #fields)),
            )
        });
        direct.chain(infos).collect()
    };
    let (now, later) = (arms(false), arms(true));
    let never = message::never(model, false);
    let never_info = message::never(model, true)
        .filter(|_| model.has_infos())
        .map(
            |_| quote!(#message::#info_variant(#info::__Unused(ref never, _)) => match *never {},),
        );
    let handle_now = (!now.is_empty()).then(|| {
        quote! {
            fn handle_now(
                &mut self,
                message: Self::Message,
                #ctx: &mut #gen_server::Context<Self>,
            ) -> ::core::result::Result<#gen_server::Next, Self::Message> {
                ::core::result::Result::Ok(match message {
                    #(#now)*
                    #never
                    #never_info
                    #[allow(unreachable_patterns)]
                    message => return ::core::result::Result::Err(message),
                })
            }
        }
    });
    let handle = quote! {
        match message {
            #(#later)*
            #[allow(unreachable_patterns)]
            message => match #gen_server::Server::handle_now(self, message, #ctx) {
                ::core::result::Result::Ok(next) => next,
                ::core::result::Result::Err(_) => ::core::unreachable!(),
            },
        }
    };
    (handle_now, handle)
}

fn arm(
    names: &Names<'_>,
    handler: &Handler,
    pattern: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let Names {
        gen_server, ctx, ..
    } = names;
    let cfgs = handler.attrs.cfgs();
    let fields = idents(handler.arguments());
    let reply = handler.reply_field();
    let call = handler.kind == Kind::Call;
    let field = call.then(|| quote!(#reply,));
    let (signal, bound) = signal(names, handler);
    let method = here(&handler.method);
    let done = invocation(
        &method,
        Some(quote!(self)),
        &handler.params,
        handler.is_async,
        names,
    );
    let caller = handler.param(Role::Caller).map(|param| {
        let ident = &param.ident;
        quote!(let #ident = #reply.caller(#ctx);)
    });
    let deferred = handler.param(Role::ReplyTo).is_some();
    let body = match &handler.output {
        _ if !call || deferred => {
            let defer = deferred.then(|| quote!(#ctx.defer(&#reply);));
            match handler.output {
                Output::Next => quote!(#defer #done),
                _ => quote!(#defer #done; #gen_server::Next::Continue),
            }
        }
        Output::Reply(_) => quote! {
            let answer = #done;
            #reply.settle(answer, #ctx)
        },
        _ => quote! {
            let answer = #done;
            #reply.settle_with(answer, #ctx)
        },
    };
    let pattern = pattern(quote!({ #(#fields,)* #field #signal }));
    quote! {
        #(#cfgs)*
        #pattern => {
            #bound
            #caller
            #body
        }
    }
}

/// The field of a signal's variant, and what the handler takes of it.
fn signal(names: &Names<'_>, handler: &Handler) -> (Option<TokenStream>, TokenStream) {
    let signal = &names.signal;
    let field = match handler.kind {
        Kind::Down => quote!(down: #signal),
        Kind::Exit => quote!(exit: #signal),
        _ => return (None, quote!()),
    };
    let bound = handler.params.iter().filter_map(|param| {
        let ident = &param.ident;
        match param.role {
            Role::Down | Role::Exit => Some(quote!(let #ident = #signal;)),
            Role::ExitFrom => Some(quote!(let #ident = #signal.from;)),
            Role::ExitReason => Some(quote!(let #ident = #signal.reason;)),
            _ => None,
        }
    });
    (Some(field), quote!(#(#bound)*))
}

fn terminate(model: &Model, names: &Names<'_>) -> Option<TokenStream> {
    let terminate = model.terminate.as_ref()?;
    let Names {
        gen_server, ctx, ..
    } = names;
    let cfgs = &terminate.cfgs;
    let reason = Ident::new("reason", Span::mixed_site());
    let bound = terminate
        .params
        .iter()
        .filter(|param| param.role == Role::Reason)
        .map(|param| {
            let ident = &param.ident;
            quote!(let #ident = #reason;)
        });
    let method = here(&terminate.method);
    let done = invocation(
        &method,
        Some(quote!(self)),
        &terminate.params,
        terminate.is_async,
        names,
    );
    Some(quote! {
        #(#cfgs)*
        async fn terminate(
            &mut self,
            #reason: &#gen_server::Reason,
            #ctx: &mut #gen_server::Context<Self>,
        ) {
            #(#bound)*
            #done;
        }
    })
}
