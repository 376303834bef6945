//! The `where` clauses of the impls.

use syn::visit_mut::VisitMut;
use syn::{Generics, Ident, Path, TypePath, WhereClause, parse_quote};

use super::ast::{Field, Input};

/// The item's own `where` clause, and either what `bound` says or the trait on every type parameter
/// (or associated type of one) that a field sends by that trait.
pub(super) fn where_clause(input: &Input<'_>, trait_: &Path) -> Option<WhereClause> {
    let mut generics = input.source.generics.clone();
    if let Some(bound) = &input.attrs.bound {
        if !bound.is_empty() {
            generics
                .make_where_clause()
                .predicates
                .extend(bound.iter().cloned());
        }
        return generics.where_clause;
    }
    let mut used = Used {
        params: params(&input.source.generics),
        types: Vec::new(),
    };
    for field in input.fields().filter(|field| uses_trait(field)) {
        used.visit_type_mut(&mut field.source.ty.clone());
    }
    if !used.types.is_empty() {
        let clause = generics.make_where_clause();
        for ty in used.types {
            clause.predicates.push(parse_quote!(#ty: #trait_));
        }
    }
    generics.where_clause
}

fn params(generics: &Generics) -> Vec<Ident> {
    generics
        .type_params()
        .map(|param| param.ident.clone())
        .collect()
}

fn uses_trait(field: &Field<'_>) -> bool {
    !field.is_skipped() && field.attrs.with.is_none()
}

/// Finds the type parameters in a type.
struct Used {
    params: Vec<Ident>,
    types: Vec<TypePath>,
}

impl VisitMut for Used {
    fn visit_type_path_mut(&mut self, path: &mut TypePath) {
        let names_param = path.qself.is_none()
            && path.path.leading_colon.is_none()
            && path
                .path
                .segments
                .first()
                .is_some_and(|first| self.params.contains(&first.ident));
        if names_param && !self.types.contains(path) {
            self.types.push(path.clone());
        }
        syn::visit_mut::visit_type_path_mut(self, path);
    }
}
