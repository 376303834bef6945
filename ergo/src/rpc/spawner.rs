//! What becomes of a spawn request: `erpc`'s own are calls and casts, all others run a function.

use super::Context;
use super::arguments::terms;
use super::context::Who;
use super::offers::Offers;
use super::outcome::Mfa;
use super::worker::{apply, run};
use crate::process::{Asked, LocalNode, Newborn, Reason, Spawner};
use crate::term::{Atom, Term};

/// Makes processes of offered functions.
pub(super) struct Services;

impl Spawner for Services {
    fn newborn(&self, node: &LocalNode, asked: Asked) -> Result<Newborn, Atom> {
        let offers = node.attached::<Offers>();
        let Some(permit) = offers.admit(Some(asked.peer)) else {
            return Err(Atom::new("system_limit"));
        };
        let request = &asked.request;
        let (from, who) = (request.from, Who::Peer(asked.peer));
        let args = asked.args.clone();
        let what = (
            request.module.as_str(),
            request.function.as_str(),
            request.arity,
        );
        Ok(match what {
            ("erpc", "execute_call", 4) => Newborn::plain(node, &asked, async move |ctx| {
                let _permit = permit;
                let Some([tag, module, function, args]) = terms(&args) else {
                    return malformed("execute_call");
                };
                let mfa = Mfa {
                    module,
                    function,
                    args,
                };
                let process = ctx.process();
                let outcome = apply(offers, Context::new(ctx, from, who), mfa).await;
                process.core.leave_word(outcome.tagged(&tag));
                Reason::Normal
            })
            .for_client(),
            ("erpc", "execute_cast", 3) => Newborn::plain(node, &asked, async move |ctx| {
                let _permit = permit;
                let Some([module, function, args]) = terms(&args) else {
                    return malformed("execute_cast");
                };
                let mfa = Mfa {
                    module,
                    function,
                    args,
                };
                run(offers, Context::new(ctx, from, who), mfa).await
            }),
            (module, function, arity) => {
                let found = offers.find(who, module, function, usize::from(arity));
                let server = found.and_then(|(.., entry)| entry.server);
                if let Some(newborn) = server {
                    return Ok(newborn(node, &asked, permit));
                }
                let (module, function) = (request.module, request.function);
                Newborn::plain(node, &asked, async move |ctx| {
                    let _permit = permit;
                    let mfa = Mfa {
                        module: Mfa::name(module),
                        function: Mfa::name(function),
                        args,
                    };
                    run(offers, Context::new(ctx, from, who), mfa).await
                })
            }
        })
    }
}

/// Why a process ends that `erpc` would not have asked for in this way.
fn malformed(function: &str) -> Reason {
    let place = Term::tuple([
        Term::atom("erpc"),
        Term::atom(function),
        Term::list([]),
        Term::list([]),
    ]);
    Term::tuple([Term::atom("function_clause"), Term::list([place])]).into()
}
