//! The type whose `impl` block an attribute macro reads.

use quote::format_ident;
use syn::{Attribute, Generics, Ident, ImplItem, ItemImpl, Path, Type};

use crate::block::{Place, copied};
use crate::case::unraw;
use crate::errors::Errors;

/// A server's or a supervisor's type, and what holds for everything that is made for it.
pub(crate) struct Owner {
    /// The `impl`'s type, with its generic arguments.
    pub(crate) self_ty: Type,
    /// The type's name.
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// `#[cfg]`s on the block: they hold for everything that comes of it.
    pub(crate) cfgs: Vec<Attribute>,
    /// Where ergo is.
    pub(crate) krate: Path,
    /// `KvRef`
    pub(crate) client: Ident,
    /// The user's functions with the names of those that start one, which is an error.
    pub(crate) own_starters: Vec<String>,
    /// There are errors: everything that can be named is made, nothing that runs.
    pub(crate) stub: bool,
}

impl Owner {
    /// The type of a block; `None` if that is not even a type with a name.
    pub(crate) fn read(
        place: &Place,
        item: &ItemImpl,
        client: Option<Ident>,
        krate: Path,
        errors: &mut Errors,
    ) -> Option<Owner> {
        let ident = place.type_name(item, errors)?;
        Some(Owner {
            self_ty: (*item.self_ty).clone(),
            generics: item.generics.clone(),
            cfgs: copied(&item.attrs, &["cfg"]),
            krate,
            client: client.unwrap_or_else(|| derived(&ident, "Ref")),
            own_starters: Vec::new(),
            stub: false,
            ident,
        })
    }

    /// `KvMessage`
    pub(crate) fn derived(&self, suffix: &str) -> Ident {
        derived(&self.ident, suffix)
    }

    /// Notes the methods that have the name of a function of ours.
    pub(crate) fn reserve(
        &mut self,
        item: &ItemImpl,
        starters: &[(&str, &str)],
        instead: impl Fn(&str) -> String,
        errors: &mut Errors,
    ) {
        for member in &item.items {
            let ImplItem::Fn(method) = member else {
                continue;
            };
            let name = unraw(&method.sig.ident);
            let Some((_, does)) = starters.iter().find(|(starter, _)| *starter == name) else {
                continue;
            };
            let (ty, instead) = (&self.ident, instead(&name));
            errors.push(
                &method.sig.ident,
                format!("`{ty}::{name}` is what {does}; give this another name{instead}"),
            );
            self.own_starters.push(name);
        }
    }
}

fn derived(ident: &Ident, suffix: &str) -> Ident {
    format_ident!("{}{suffix}", unraw(ident), span = ident.span())
}
