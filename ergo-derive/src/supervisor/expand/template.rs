//! The child of a `simple_one_for_one` supervisor: made from arguments.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::case::unraw;
use crate::supervisor::model::{Child, Model, Restart};
use crate::types::{is_passable, unsendable};
use crate::written::{here, unused_params};

use super::{Names, restart};

/// `struct __ConnSupTemplate` and what it implements; `None` where its types cannot be named.
pub(super) fn expand(model: &Model, names: &Names, child: &Child) -> Option<TokenStream> {
    if !is_nameable(child) {
        return None;
    }
    let supervisor = &names.supervisor;
    let (self_ty, cfgs) = (&model.owner.self_ty, &model.owner.cfgs);
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let params = &model.owner.generics.params;
    let params = (!params.is_empty()).then(|| quote!(<#params>));
    let field = unused_params(&model.owner.generics, TokenStream::new()).map(|ty| quote!((#ty)));
    let name = name(model);
    let of = Ident::new("of", Span::mixed_site());
    let (args, output, method) = (args(child), child.output.as_ref()?, here(&child.method));
    let idents: Vec<_> = child.params.iter().map(|param| &param.ident).collect();
    let made = if model.owner.stub {
        quote!(::core::unreachable!())
    } else {
        quote!(<#self_ty>::#method(#of #(, #idents)*))
    };
    let wire = if model.owner.stub {
        quote!(::core::unreachable!())
    } else {
        quote! {
            #[allow(unused_imports)]
            use #supervisor::expansion::NoTerms as _;
            #supervisor::expansion::Args::<#args>::NEW.wire()
        }
    };
    let quiet = model.owner.stub.then(|| quote!(#[allow(unused_variables)]));
    Some(quote! {
        #(#cfgs)*
        #[allow(dead_code)]
        struct #name #params #field #bounds;

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        #quiet
        impl #impl_generics #supervisor::expansion::Template<#self_ty>
            for #name #ty_generics #bounds
        {
            type Args = #args;
            type Child = #output;

            fn make(#of: &#self_ty, (#(#idents,)*): Self::Args) -> Self::Child {
                #made
            }

            fn wire() -> ::core::option::Option<#supervisor::expansion::Wire<Self::Args>> {
                #wire
            }
        }
    })
}

/// The type that knows the arguments and the child. It is private, since they may be.
pub(super) fn name(model: &Model) -> Ident {
    format_ident!(
        "__{}Template",
        unraw(&model.owner.ident),
        span = Span::call_site()
    )
}

/// Whether its types can stand elsewhere.
pub(super) fn is_nameable(child: &Child) -> bool {
    let mut types = child.params.iter().map(|param| &param.ty);
    child.output.is_some() && types.all(|ty| is_passable(ty) && unsendable(ty, true).is_none())
}

/// The arguments' types as one, in the place of the first.
fn args(child: &Child) -> TokenStream {
    let types = child.params.iter().map(|param| &param.ty);
    match child.params.first() {
        Some(first) => quote_spanned!(first.ty.span()=> (#(#types,)*)),
        None => quote!(()),
    }
}

/// The specification, and for a child that is restarted its arguments once more.
pub(super) fn again(names: &Names, child: &Child, made: TokenStream) -> TokenStream {
    let supervisor = &names.supervisor;
    let kind = child.restart.unwrap_or(Restart::Permanent);
    if kind == Restart::Temporary {
        return made;
    }
    let restart = restart(Some(kind), names);
    let args = Ident::new("args", Span::mixed_site());
    let clones = child.params.iter().enumerate().map(|(index, param)| {
        let (index, ty) = (syn::Index::from(index), &param.ty);
        let again = quote_spanned!(ty.span()=> again::<#ty>);
        quote!(#supervisor::expansion::#again(&#args.#index))
    });
    let clone = if child.params.is_empty() {
        quote!(|()| {})
    } else {
        quote!(|#args| (#(#clones,)*))
    };
    quote!(#supervisor::expansion::restarted(#made, #restart, #clone))
}
