//! What the codecs have to encode and decode: tuples as an application has them, with text, numbers, atoms, a list and
//! a map: `{item, <<"sku-N">>, N, N*1.5, #{qty => N, tags => [a,b,c]}}`.

use ergo::{Term, term};

/// One of them as a Rust type.
#[derive(Debug, Clone, PartialEq, Term)]
#[term(record)]
pub struct Item {
    /// `<<"sku-N">>`.
    pub sku: String,
    /// `N`.
    pub number: i64,
    /// `N*1.5`.
    pub price: f64,
    /// `#{qty => N, tags => [a,b,c]}`.
    pub stock: Stock,
}

/// The map in an [`Item`].
#[derive(Debug, Clone, PartialEq, Term)]
pub struct Stock {
    /// `N`.
    pub qty: i64,
    /// `[a,b,c]`.
    pub tags: Vec<Tag>,
}

/// The atoms in a [`Stock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Term)]
pub enum Tag {
    /// `a`.
    A,
    /// `b`.
    B,
    /// `c`.
    C,
}

/// The item of this number.
pub fn typed(number: i64) -> Item {
    Item {
        sku: format!("sku-{number}"),
        number,
        price: number as f64 * 1.5,
        stock: Stock {
            qty: number,
            tags: vec![Tag::A, Tag::B, Tag::C],
        },
    }
}

/// The same as any term.
pub fn dynamic(number: i64) -> Term {
    let (sku, price) = (format!("sku-{number}"), number as f64 * 1.5);
    term!({item, (sku), (number), (price), #{qty => (number), tags => [a, b, c]}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_are_the_same_term() {
        let shown = dynamic(7).to_string();
        assert_eq!(
            shown,
            r#"{item,<<"sku-7">>,7,10.5,#{qty => 7,tags => [a,b,c]}}"#
        );
        let bytes = ergo::etf::to_bytes(&typed(7)).unwrap();
        assert_eq!(bytes, ergo::etf::to_bytes(&dynamic(7)).unwrap());
        assert_eq!(ergo::etf::from_bytes::<Item>(&bytes).unwrap(), typed(7));
    }
}
