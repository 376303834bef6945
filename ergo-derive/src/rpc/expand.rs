//! The code: the block's type becomes a module.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::owner::Owner;
use crate::written::{awaited, here};

use super::model::{Function, Model, Param};

pub(super) fn expand(model: &Model) -> TokenStream {
    let Owner {
        self_ty,
        generics,
        cfgs,
        krate,
        stub,
        ..
    } = &model.owner;
    let (impl_generics, _, bounds) = generics.split_for_impl();
    let this = Ident::new("this", Span::mixed_site());
    let body = match stub {
        true => quote!(::core::unreachable!()),
        false => body(model, &this),
    };
    let quiet = stub.then(|| quote!(#[allow(unused_variables)]));
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #quiet
        impl #impl_generics ::core::convert::From<#self_ty> for #krate::rpc::Module #bounds {
            fn from(#this: #self_ty) -> Self {
                #body
            }
        }
    }
}

fn body(model: &Model, this: &Ident) -> TokenStream {
    let Owner { self_ty, krate, .. } = &model.owner;
    let module = &model.module;
    let functions = model
        .functions
        .iter()
        .map(|function| offered(function, model, this));
    let shared = match model.functions.iter().any(|function| function.receiver) {
        true => {
            let share = quote_spanned!(self_ty.span()=> #krate::rpc::expansion::shared::<#self_ty>);
            quote!(let #this = #share(#this);)
        }
        false => quote!(let _ = #this;),
    };
    quote! {
        #shared
        let module = #krate::rpc::Module::new(#module);
        #(#functions)*
        module
    }
}

/// One function, with its arguments read and its result told.
fn offered(function: &Function, model: &Model, this: &Ident) -> TokenStream {
    let Owner { self_ty, krate, .. } = &model.owner;
    let Function {
        method,
        name,
        cfgs,
        output,
        ..
    } = function;
    let rpc = quote!(#krate::rpc::expansion);
    let (ctx, args) = (
        Ident::new("ctx", Span::mixed_site()),
        Ident::new("args", Span::mixed_site()),
    );
    let arity = u8::try_from(function.arity()).unwrap_or(u8::MAX);
    let (names, types): (Vec<_>, Vec<_>) = function.arguments().unzip();
    let slots: Vec<Ident> = (0..types.len())
        .map(|index| format_ident!("arg{index}", span = Span::mixed_site()))
        .collect();
    let reads = slots
        .iter()
        .zip(&types)
        .enumerate()
        .map(|(index, (slot, ty))| {
            let read = quote_spanned!(ty.span()=> <#ty as #rpc::Argument>::read);
            quote!(#index => #slot = ::core::option::Option::Some(#read(from)?),)
        });
    let read = (!slots.is_empty()).then(|| {
        quote! {
            #(let mut #slots = ::core::option::Option::None::<#types>;)*
            #rpc::each(#args, &[#(#names),*], |index, from| {
                match index {
                    #(#reads)*
                    _ => return ::core::result::Result::Err(#rpc::too_many(from)),
                }
                ::core::result::Result::Ok(())
            })?;
            let (#(::core::option::Option::Some(#slots),)*) = (#(#slots,)*) else {
                return ::core::result::Result::Err(#rpc::too_few(#args));
            };
        }
    });
    let mut given = slots.iter();
    let passed = function.params.iter().map(|param| match param {
        Param::Argument { .. } => given.next().map(|slot| quote!(#slot)),
        Param::Context => Some(quote!(#ctx)),
        Param::ContextRef => Some(quote!(&mut #ctx)),
    });
    let receiver = function.receiver.then(|| quote!(&#this,));
    let called = here(method);
    let call = |at: Span| quote_spanned!(at=> <#self_ty>::#called(#receiver #(#passed),*));
    let answer = quote_spanned!(output.span()=> <#output as #krate::rpc::Answer>::answer);
    let mutable = function
        .params
        .iter()
        .any(|param| matches!(param, Param::ContextRef));
    let rebound = mutable.then(|| quote!(let mut #ctx = #ctx;));
    let begun = if function.is_async {
        let own = function
            .receiver
            .then(|| quote!(let #this = ::std::sync::Arc::clone(&#this);));
        let returned = awaited(method, quote!(#krate::gen_server), call);
        quote! {
            #own
            ::core::result::Result::Ok(#rpc::running(async move {
                #rebound
                #answer(#returned)
            }))
        }
    } else {
        let call = call(Span::call_site());
        quote! {
            #rebound
            ::core::result::Result::Ok(#rpc::done(#answer(#call)))
        }
    };
    let own = function
        .receiver
        .then(|| quote!(let #this = ::std::sync::Arc::clone(&#this);));
    let unused_args = slots.is_empty().then(|| quote!(let _ = #args;));
    let unused_ctx = (!function
        .params
        .iter()
        .any(|param| !matches!(param, Param::Argument { .. })))
    .then(|| quote!(let _ = #ctx;));
    quote! {
        #(#cfgs)*
        let module = {
            #own
            #rpc::offer(module, #name, #arity, move |#ctx, #args| {
                #unused_args
                #unused_ctx
                #read
                #begun
            })
        };
    }
}
