//! A supervisor with type parameters: its reference has them too.
#![deny(warnings)]

use std::marker::PhantomData;

use ergo::gen_server::{HasClient, Server};
use ergo::prelude::*;

struct Store<T> {
    values: Vec<T>,
}

#[gen_server]
impl<T: Encode + Decode + Clone + Send + 'static> Store<T> {
    #[init]
    fn init(first: T) -> Self {
        Store {
            values: vec![first],
        }
    }

    #[call]
    fn first(&self) -> Option<T> {
        self.values.first().cloned()
    }
}

struct StoreSup<T, const N: u32> {
    first: T,
}

#[supervisor(strategy = "one_for_all")]
impl<T, const N: u32> StoreSup<T, N>
where
    T: Encode + Decode + Clone + Send + Sync + 'static,
{
    #[child]
    fn store(&self) -> Child<Store<T>> {
        Store::child(self.first.clone())
    }

    #[child(name = "again")]
    fn another(&self) -> Child<Pool<Store<T>, T>> {
        Pool(PhantomData).child()
    }
}

/// A pool of any servers that are made from an `A`.
struct Pool<S, A>(PhantomData<fn(A) -> S>);

#[supervisor(strategy = "simple_one_for_one")]
impl<S, A> Pool<S, A>
where
    S: Server<Args = (A,)> + HasClient,
    A: Clone + Send + Sync + 'static,
{
    #[child]
    fn member(&self, args: A) -> Child<S> {
        Child::new((args,))
    }
}

async fn clients(node: &ergo::LocalNode) {
    let tree: StoreSupRef<u8, 3> = StoreSup::start(node, StoreSup { first: 1 }).await.unwrap();
    assert_eq!(tree.which_children().await.unwrap().len(), 2);
    let pool: PoolRef<Store<u8>, u8> = Pool::start(node, Pool(PhantomData)).await.unwrap();
    let member: StoreRef<u8> = pool.start_child(7).await.unwrap();
    assert_eq!(member.first().await.unwrap(), Some(7));
}

fn main() {
    let _ = clients;
}
