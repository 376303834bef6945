//! The code: what a person would have written beside the block.

mod client;
mod template;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use crate::owner::Owner;
use crate::written::{doc, here};

use super::duration;
use super::model::{AutoShutdown, Child, Kind, Model, Restart, Shutdown, Strategy};

/// Everything that comes of the block, but the block itself.
pub(super) fn expand(model: &Model) -> TokenStream {
    let names = Names::of(model);
    let supervisor = supervisor(model, &names);
    let client = client::expand(model, &names);
    let starters = starters(model, &names);
    quote!(#supervisor #client #starters)
}

/// The paths and names that every part of the expansion writes.
struct Names {
    /// `::ergo::supervisor`
    supervisor: TokenStream,
    // A local of ours where the user's names are in scope, too: they cannot meet.
    spec: Ident,
}

impl Names {
    fn of(model: &Model) -> Names {
        let krate = &model.owner.krate;
        Names {
            supervisor: quote!(#krate::supervisor),
            spec: Ident::new("spec", Span::mixed_site()),
        }
    }
}

/// `impl Supervisor for AppSup`
fn supervisor(model: &Model, names: &Names) -> TokenStream {
    let Names {
        supervisor, spec, ..
    } = names;
    let (self_ty, cfgs) = (&model.owner.self_ty, &model.owner.cfgs);
    let (impl_generics, _, bounds) = model.owner.generics.split_for_impl();
    let body = if model.owner.stub {
        quote!(::core::unreachable!())
    } else {
        let flags = flags(model, names);
        let children = model
            .children
            .iter()
            .map(|child| added(model, names, child));
        quote! {
            let #spec = #flags;
            #(#children)*
            #spec
        }
    };
    let template = model
        .template()
        .and_then(|child| template::expand(model, names, child));
    quote! {
        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #impl_generics #supervisor::Supervisor for #self_ty #bounds {
            fn spec(self: ::std::sync::Arc<Self>) -> #supervisor::SupervisorSpec {
                #body
            }
        }

        #template
    }
}

/// `SupervisorSpec::new(…).intensity(…)`
fn flags(model: &Model, names: &Names) -> TokenStream {
    let supervisor = &names.supervisor;
    let strategy = match model.strategy {
        Strategy::OneForOne | Strategy::Unknown => quote!(OneForOne),
        Strategy::OneForAll => quote!(OneForAll),
        Strategy::RestForOne => quote!(RestForOne),
        Strategy::SimpleOneForOne => quote!(SimpleOneForOne),
    };
    let intensity = model
        .intensity
        .map(|restarts| quote!(.intensity(#restarts)));
    let period = model.period.map(duration::written);
    let period = period.map(|period| quote!(.period(#period)));
    let auto_shutdown = match model.auto_shutdown {
        AutoShutdown::Never | AutoShutdown::Unknown => None,
        AutoShutdown::AnySignificant => Some(quote!(AnySignificant)),
        AutoShutdown::AllSignificant => Some(quote!(AllSignificant)),
    };
    let auto_shutdown =
        auto_shutdown.map(|when| quote!(.auto_shutdown(#supervisor::AutoShutdown::#when)));
    quote! {
        #supervisor::SupervisorSpec::new(#supervisor::Strategy::#strategy)
            #intensity #period #auto_shutdown
    }
}

/// `let spec = spec.child(…);`
fn added(model: &Model, names: &Names, child: &Child) -> TokenStream {
    let Names {
        supervisor, spec, ..
    } = names;
    let (id, cfgs) = (&child.id, child.attrs.cfgs());
    let treated = treated(names, child);
    let added = if model.template().is_some() {
        let (name, (_, ty_generics, _)) =
            (template::name(model), model.owner.generics.split_for_impl());
        let made = quote!(#supervisor::expansion::template::<Self, #name #ty_generics>(#id, &self));
        let made = template::again(names, child, made);
        quote!(#supervisor::expansion::with_template::<Self, #name #ty_generics>(#spec, #made #treated))
    } else {
        let (method, output) = (here(&child.method), &child.output);
        let made = quote_spanned!(output.span()=> child::<Self, #output>);
        let made = quote!(#supervisor::expansion::#made(#id, &self, |this| Self::#method(this)));
        let restart = restart(child.restart, names).map(|restart| quote!(.restart(#restart)));
        quote!(#spec.child(#made #restart #treated))
    };
    quote! {
        #(#cfgs)*
        let #spec = #added;
    }
}

fn restart(restart: Option<Restart>, names: &Names) -> Option<TokenStream> {
    let supervisor = &names.supervisor;
    let restart = match restart? {
        Restart::Permanent => quote!(Permanent),
        Restart::Transient => quote!(Transient),
        Restart::Temporary => quote!(Temporary),
    };
    Some(quote!(#supervisor::Restart::#restart))
}

/// `.shutdown(…).significant(true).kind(…)`
fn treated(names: &Names, child: &Child) -> TokenStream {
    let supervisor = &names.supervisor;
    let shutdown = child.shutdown.map(|shutdown| {
        let shutdown = match shutdown {
            Shutdown::BrutalKill => quote!(BrutalKill),
            Shutdown::Infinity => quote!(Infinity),
            Shutdown::After(time) => {
                let time = duration::written(time);
                quote!(After(#time))
            }
        };
        quote!(.shutdown(#supervisor::Shutdown::#shutdown))
    });
    let significant = child.significant.map(|_| quote!(.significant(true)));
    let kind = child.kind.map(|kind| match kind {
        Kind::Worker => quote!(.kind(#supervisor::ChildKind::Worker)),
        Kind::Supervisor => quote!(.kind(#supervisor::ChildKind::Supervisor)),
    });
    quote!(#shutdown #significant #kind)
}

/// `AppSup::start(&node, AppSup { … })` and its like
fn starters(model: &Model, names: &Names) -> TokenStream {
    let Names { supervisor, .. } = names;
    let Owner {
        self_ty,
        ident,
        generics,
        cfgs,
        krate,
        client,
        ..
    } = &model.owner;
    let (impl_generics, ty_generics, bounds) = generics.split_for_impl();
    let on = quote!(on: &impl #krate::process::OnNode, supervisor: Self);
    let start = quote!(#supervisor::StartSupervisor<#client #ty_generics>);
    let functions = [
        (
            "start",
            format!(
                " Starts the supervisor `{ident}` on a node, without a link. Awaited, this starts \
                 its children and gives a `{client}`."
            ),
            quote!((#on) -> #start),
            quote!(#supervisor::expansion::start(on, supervisor)),
        ),
        (
            "start_link",
            format!(
                " Starts the supervisor `{ident}`, linked to the process of this context. Awaited, \
                 this starts its children and gives a `{client}`. In Erlang: \
                 `supervisor:start_link/2,3`."
            ),
            quote!((#on) -> #start),
            quote!(#supervisor::expansion::start_link(on, supervisor)),
        ),
        (
            "child",
            format!(" The supervisor `{ident}` as a child of another."),
            quote!((self) -> #supervisor::Child<Self>),
            quote!(#supervisor::expansion::nested(self)),
        ),
    ];
    let functions = functions
        .into_iter()
        .filter(|(name, ..)| !model.owner.own_starters.iter().any(|own| own == name))
        .map(|(name, about, signature, body)| {
            let (name, about) = (Ident::new(name, Span::call_site()), doc(about));
            quote! {
                #about
                pub fn #name #signature {
                    #body
                }
            }
        });
    quote! {
        #(#cfgs)*
        // The type of a supervisor may be called `Child`, too.
        #[allow(private_interfaces, clippy::self_named_constructors)]
        impl #impl_generics #self_ty #bounds {
            #(#functions)*
        }
    }
}
