//! What stands in for Phoenix.PubSub on Elixir nodes.

use crate::Shell;

/// The modules, as Elixir source: `Phoenix.PubSub.start(MyApp.PubSub)` starts it.
pub const STAND_IN: &str = include_str!("phoenix.exs");

/// Prepares a shell of Elixir for transcripts of the application `MyApp`: its PubSub runs, and that of the node is known on
/// both sides.
///
/// The example `phoenix` answers what is said in the lobby; so this asks until it is heard, and until the last is answered.
pub fn prepare(shell: &mut Shell, node: &str) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/phoenix.exs");
    shell.line(&format!("Code.require_file({file:?}); :ok"));
    assert_eq!(shell.line("Phoenix.PubSub.start(MyApp.PubSub)"), ":ok");
    assert_eq!(shell.line(&format!("Node.connect(:\"{node}\")")), "true");
    let heard = "heard = fn heard -> Phoenix.PubSub.broadcast_from(MyApp.PubSub, self(), \"lobby\", \
        {:said, %{__struct__: MyApp.Message, from: \"\", text: \"\"}}); \
        receive do {:said, _} -> :ok after 20 -> heard.(heard) end end";
    let last = "last = fn last -> receive do {:said, %{text: \" says: last\"}} -> :ok; {:said, _} -> last.(last) end end";
    shell.line(&format!("{heard}; {last}; :ok"));
    shell.line("Phoenix.PubSub.subscribe(MyApp.PubSub, \"lobby\"); heard.(heard)");
    shell.line(
        "Phoenix.PubSub.broadcast_from(MyApp.PubSub, self(), \"lobby\", \
         {:said, %{__struct__: MyApp.Message, from: \"\", text: \"last\"}}); last.(last)",
    );
    shell.line("Phoenix.PubSub.unsubscribe(MyApp.PubSub, \"lobby\")");
}
