//! A server with type parameters: its messages and its client have them too.
#![deny(warnings)]

use ergo::gen_server;
use ergo::{Decode, Encode};

struct Store<K, V, const N: usize> {
    values: Vec<(K, V)>,
}

#[gen_server]
impl<K, V, const N: usize> Store<K, V, N>
where
    K: Encode + Decode + PartialEq + Send + 'static,
    V: Encode + Decode + Clone + Send + 'static,
{
    #[init]
    fn init() -> Self {
        Store { values: Vec::new() }
    }

    #[call]
    fn get(&self, key: K) -> Option<V> {
        let found = self.values.iter().find(|(other, _)| *other == key);
        found.map(|(_, value)| value.clone())
    }

    #[cast]
    fn put(&mut self, key: K, value: V) {
        if self.values.len() < N {
            self.values.push((key, value));
        }
    }

    #[info]
    fn remember(&mut self, key: K) {
        self.values.retain(|(other, _)| *other == key);
    }
}

struct Tagged<T> {
    tag: T,
}

#[gen_server]
impl<T: Clone + Into<String> + Send + Sync + 'static> Tagged<T> {
    #[init]
    fn init(tag: T) -> Self {
        Tagged { tag }
    }

    #[call]
    fn text(&self) -> String {
        self.tag.clone().into()
    }
}

async fn client(node: &ergo::LocalNode) {
    let store: StoreRef<u8, String, 3> = Store::<u8, String, 3>::start(node).await.unwrap();
    store.put(1, "one".to_owned());
    assert_eq!(store.get(1).await.unwrap(), Some("one".to_owned()));
    store.send(StoreInfo::Remember { key: 2 });
    let tagged = Tagged::start(node, "a").await.unwrap();
    assert_eq!(tagged.text().await.unwrap(), "a");
}

fn main() {
    let _ = client;
}
