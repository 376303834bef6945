//! What a macro can tell of a type: how it is spelled.

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, ExprPath, GenericArgument, PathArguments, PathSegment, Type, TypeImplTrait, TypeInfer,
    TypePath, TypeReference,
};

/// The type without parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// The last word of a path: `Reply<T>` of `gen_server::Reply<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// Whether the last word is this one.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// The types between the angle brackets of the last word.
pub(crate) fn arguments(ty: &Type) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(list)) = last_segment(ty).map(|s| &s.arguments) else {
        return Vec::new();
    };
    list.args
        .iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}

/// The one type between the angle brackets of the last word.
pub(crate) fn only_argument(ty: &Type) -> Option<&Type> {
    match arguments(ty)[..] {
        [only] => Some(only),
        _ => None,
    }
}

pub(crate) fn is_unit(ty: &Type) -> bool {
    matches!(bare(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// A reference to a type of this name: `&mut Context<Self>`, `&Reason`.
pub(crate) fn is_reference_to(ty: &Type, name: &str) -> bool {
    matches!(bare(ty), Type::Reference(reference) if is_named(&reference.elem, name))
}

/// A part of a type that cannot be part of a message.
pub(crate) enum Unsendable {
    Reference(TypeReference),
    ImplTrait(TypeImplTrait),
    /// `_`, which the compiler refuses by itself.
    Infer,
}

/// The first part of a type that cannot be part of a message.
pub(crate) fn unsendable(ty: &Type, statics: bool) -> Option<Unsendable> {
    struct Find {
        statics: bool,
        found: Option<Unsendable>,
    }
    impl VisitMut for Find {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            let is_static = reference
                .lifetime
                .as_ref()
                .is_some_and(|lifetime| lifetime.ident == "static");
            if self.statics && is_static {
                visit_mut::visit_type_reference_mut(self, reference);
            } else if self.found.is_none() {
                self.found = Some(Unsendable::Reference(reference.clone()));
            }
        }
        fn visit_type_impl_trait_mut(&mut self, it: &mut TypeImplTrait) {
            if self.found.is_none() {
                self.found = Some(Unsendable::ImplTrait(it.clone()));
            }
        }
        fn visit_type_infer_mut(&mut self, _: &mut TypeInfer) {
            if self.found.is_none() {
                self.found = Some(Unsendable::Infer);
            }
        }
        // The arguments and results of function pointers and closures are none of a message's parts.
        fn visit_type_fn_ptr_mut(&mut self, _: &mut syn::TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments_mut(
            &mut self,
            _: &mut syn::ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut find = Find {
        statics,
        found: None,
    };
    find.visit_type_mut(&mut ty.clone());
    find.found
}

/// What to write for a reference: `String` for `&str`.
pub(crate) fn owned(reference: &TypeReference) -> String {
    match bare(&reference.elem) {
        Type::Slice(slice) => format!("Vec<{}>", spelled(&slice.elem)),
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        elem if is_named(elem, "Path") => "PathBuf".to_owned(),
        elem if is_named(elem, "OsStr") => "OsString".to_owned(),
        Type::TraitObject(object) => format!("Box<{}>", spelled(object)),
        elem => spelled(elem),
    }
}

/// A type as a user would write it.
pub(crate) fn spelled(ty: &impl ToTokens) -> String {
    let mut text = ty.to_token_stream().to_string();
    for (from, to) in [
        (" < ", "<"),
        ("< ", "<"),
        (" <", "<"),
        (" >", ">"),
        (" :: ", "::"),
        (":: ", "::"),
        (" ,", ","),
        ("& ", "&"),
    ] {
        text = text.replace(from, to);
    }
    text
}

/// Spells out `Self`, which means something else where the type is repeated.
pub(crate) fn without_self(ty: &Type, self_ty: &Type) -> Type {
    struct Replace<'a>(&'a Type);
    impl VisitMut for Replace<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            visit_mut::visit_type_mut(self, ty);
            if let Type::Path(TypePath {
                qself: None, path, ..
            }) = ty
            {
                let self_ty = self.0;
                let mut segments = path.segments.iter();
                if segments.next().is_some_and(|first| first.ident == "Self") {
                    let rest: Vec<_> = segments.collect();
                    *ty = if rest.is_empty() {
                        self_ty.clone()
                    } else {
                        syn::parse_quote!(<#self_ty> #(::#rest)*)
                    };
                }
            }
        }
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            visit_mut::visit_expr_mut(self, expr);
            if let Expr::Path(ExprPath {
                qself: None, path, ..
            }) = expr
            {
                let self_ty = self.0;
                let mut segments = path.segments.iter();
                if segments.next().is_some_and(|first| first.ident == "Self") {
                    let rest: Vec<_> = segments.collect();
                    if !rest.is_empty() {
                        *expr = syn::parse_quote!(<#self_ty> #(::#rest)*);
                    }
                }
            }
        }
    }
    let mut ty = ty.clone();
    Replace(self_ty).visit_type_mut(&mut ty);
    ty
}

/// Whether a function elsewhere can take the type, although no message can hold it.
pub(crate) fn is_passable(ty: &Type) -> bool {
    struct HasInfer(bool);
    impl VisitMut for HasInfer {
        fn visit_type_infer_mut(&mut self, _: &mut TypeInfer) {
            self.0 = true;
        }
    }
    let mut infer = HasInfer(false);
    infer.visit_type_mut(&mut ty.clone());
    !infer.0
}
