//! A public supervisor of private servers.
#![deny(warnings)]

use ergo::prelude::*;

mod tree {
    use super::*;

    struct Secret;

    #[gen_server]
    impl Secret {
        #[init]
        fn init(_key: Key) -> Self {
            Secret
        }
    }

    #[derive(Clone, Term)]
    struct Key(u8);

    pub struct AppSup;

    #[supervisor]
    impl AppSup {
        #[child]
        fn secret(&self) -> Child<Secret> {
            Secret::child(Key(1))
        }
    }

    pub struct Pool;

    #[supervisor(strategy = "simple_one_for_one")]
    impl Pool {
        #[child]
        fn secret(&self, key: Key) -> Child<Secret> {
            Secret::child(key)
        }
    }

    impl PoolRef {
        pub async fn add(&self, key: u8) -> Result<(), ChildError> {
            self.start_child(Key(key)).await.map(|_: SecretRef| ())
        }
    }
}

async fn start(node: &ergo::LocalNode) {
    let _: tree::AppSupRef = tree::AppSup::start(node, tree::AppSup).await.unwrap();
    let pool: tree::PoolRef = tree::Pool::start(node, tree::Pool).await.unwrap();
    pool.add(1).await.unwrap();
}

fn main() {
    let _ = start;
}
