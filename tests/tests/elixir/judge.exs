# What Elixir does with a Rust node, as a program of Elixir does it: every function here ends in `:ok` or raises.
defmodule MyApp.User do
  defstruct [:name, :email, tags: []]
end

defmodule MyApp.Order do
  defstruct [:id, :user, :note, options: []]
end

defmodule Judge do
  alias MyApp.{Order, User}

  defp desk(node), do: {:desk, node}

  def nodes(node) do
    true = Node.connect(node)
    :pong = Node.ping(node)
    true = node in Node.list(:connected)
    :pang = Node.ping(:"nobody@127.0.0.1")
    :ok
  end

  def calls(node) do
    desk = desk(node)
    :ok = GenServer.call(desk, {:put, :a, %{"key" => [1, 2.5, nil, true]}})
    {:ok, %{"key" => [1, 2.5, nil, true]}} = GenServer.call(desk, {:get, :a})
    {:error, :not_found} = GenServer.call(desk, {:get, :b}, 60_000)
    :ok = GenServer.cast(desk, {:put, :b, node()})
    {:ok, me} = GenServer.call(desk, {:get, :b})
    ^me = node()
    {:error, {:badcall, {:gett, :a}}} = GenServer.call(desk, {:gett, :a})
    # A pid does as well as a name.
    pid = GenServer.call(desk, :pid)
    2 = GenServer.call(pid, :size)
    {:noproc, _} = exit_of(fn -> GenServer.call({:nobody, node}, :size) end)
    {{:nodedown, :"nobody@127.0.0.1"}, _} = exit_of(fn -> GenServer.call({:desk, :"nobody@127.0.0.1"}, :size) end)
    {:timeout, _} = exit_of(fn -> GenServer.call(desk, :never, 50) end)
    request = :gen_server.send_request(desk, :size)
    {:reply, 2} = :gen_server.wait_response(request, 5_000)
    :ok
  end

  def structs(node) do
    desk = desk(node)
    user = %User{name: "Zoë", email: nil, tags: [:admin, Elixir.Some.Module]}
    %User{name: "Zoé", email: nil, tags: [:admin, Some.Module]} = GenServer.call(desk, {:rename, user, "Zoé"})
    # A struct of Rust is equal to one of Elixir.
    true = GenServer.call(desk, {:rename, user, "Zoë"}) == user
    order = %Order{id: 7, user: user, note: ~c"ring twice", options: [gift: true, weight: 1.5]}
    true = GenServer.call(desk, {:order, order}) == {:ok, order}
    # What is no struct of that kind is refused, and the server lives on.
    {:error, {:badcall, _}} = GenServer.call(desk, {:rename, %{name: "Zoë"}, "x"})
    {:error, {:badcall, _}} = GenServer.call(desk, {:rename, %{order | user: nil}, "x"})
    {:error, {:badcall, _}} = GenServer.call(desk, {:rename, %{user | name: 1}, "x"})
    # Fields that only one side knows.
    old = Map.delete(user, :email)
    ^user = GenServer.call(desk, {:rename, old, "Zoë"})
    ^user = GenServer.call(desk, {:rename, Map.put(user, :new_in_elixir, 1), "Zoë"})
    nil = GenServer.call(desk, {:find, "nobody"})
    %User{name: "Ann", email: "ann@example.org"} = GenServer.call(desk, {:find, "Ann"})
    :ok
  end

  def data(node) do
    desk = desk(node)
    # Keyword lists, in any order, with what is left out.
    [limit: 5, order: :desc, filter: nil] = GenServer.call(desk, {:options, [order: :desc, limit: 5]})
    [limit: 10, order: :asc, filter: "x"] = GenServer.call(desk, {:options, [filter: "x"]})
    [limit: 10, order: :asc, filter: nil] = GenServer.call(desk, {:options, [:verbose, limit: 10, other: 1]})
    {:error, {:badcall, _}} = GenServer.call(desk, {:options, [limit: "5"]})
    # Strings are binaries, charlists are lists; who wants text takes both.
    "a binary" = GenServer.call(desk, {:kind, "text"})
    "a list" = GenServer.call(desk, {:kind, ~c"text"})
    "a list" = GenServer.call(desk, {:kind, ~c"Zoë"})
    "an atom" = GenServer.call(desk, {:kind, nil})
    "a bit string" = GenServer.call(desk, {:kind, <<1::3>>})
    "a map" = GenServer.call(desk, {:kind, 1..3})
    "ZOË" = GenServer.call(desk, {:upcase, "zoë"})
    "ZOË" = GenServer.call(desk, {:upcase, ~c"zoë"})
    ~c"zoë" = GenServer.call(desk, {:charlist, "zoë"})
    # Everything else comes back as it was.
    for term <- [
          ~D[2026-11-29], ~T[10:00:00.123456], ~U[2026-11-29 10:00:00Z], MapSet.new([1, :a, "x"]), 1..10//2, ~r/a+/.source,
          &String.upcase/1, make_ref(), self(), {}, [], %{}, [1 | 2], -0.0, 1.0e300, 123_456_789_012_345_678_901, "",
          ~c"", :"with space", Elixir, true, <<0, 255>>, [a: 1, a: 2], %ArgumentError{message: "x"}, {:ok, nil}
        ] do
      ^term = GenServer.call(desk, {:echo, term})
    end
    :ok
  end

  def processes(node) do
    # Ends are told: of a name, of a pid, of one that is not there.
    ref = Process.monitor({:desk, node})
    nobody = Process.monitor({:nobody, node})
    receive do: ({:DOWN, ^nobody, :process, {:nobody, ^node}, :noproc} -> :ok)
    Process.demonitor(ref, [:flush])
    Process.flag(:trap_exit, true)

    {pid, ref} = start_child(node)
    true = Process.link(pid)
    true = Process.exit(pid, :reason)
    receive do: ({:DOWN, ^ref, :process, ^pid, :reason} -> :ok)
    receive do: ({:EXIT, ^pid, :reason} -> :ok)

    {pid, ref} = start_child(node)
    true = Process.link(pid)
    true = Process.unlink(pid)
    true = Process.exit(pid, :kill)
    receive do: ({:DOWN, ^ref, :process, ^pid, :killed} -> :ok)
    refute_received()

    # The other way round: a Rust process hears of the end of one here.
    {pid, ref} = start_child(node)
    victim = spawn(fn -> Process.link(pid); receive do: (:stop -> exit(:stopped)) end)
    send(victim, :stop)
    receive do: ({:DOWN, ^ref, :process, ^pid, :stopped} -> :ok)

    # OTP's own tools.
    {pid, ref} = start_child(node)
    {:status, ^pid, {:module, _}, _} = :sys.get_status(pid)
    :ok = GenServer.stop(pid, :shutdown)
    receive do: ({:DOWN, ^ref, :process, ^pid, :shutdown} -> :ok)

    # A panic is a reason, and the node lives on.
    {pid, ref} = start_child(node)
    {{:panic, "oh no", _}, _} = exit_of(fn -> GenServer.call(pid, :panic) end)
    receive do: ({:DOWN, ^ref, :process, ^pid, reason} -> {:panic, "oh no", _} = reason)
    :pong = Node.ping(node)
    :ok
  end

  defp start_child(node) do
    Node.spawn(node, :children, :start, [5]) |> then(fn pid -> {pid, Process.monitor(pid)} end)
  end

  defp refute_received() do
    receive do: (message -> raise("unexpected #{inspect(message)}")), after: (0 -> :ok)
  end

  def functions(node) do
    3 = :rpc.call(node, :math, :add, [1, 2])
    3 = :erpc.call(node, :math, :add, [1, 2])
    {:badrpc, {:EXIT, {:undef, [{Kernel, :+, [1, 2], []}]}}} = :rpc.call(node, Kernel, :+, [1, 2])
    "HI" = :rpc.call(node, MyApp.Text, :upcase, ["hi"])
    [ok: 3] = :erpc.multicall([node], :math, :add, [1, 2])
    %ErlangError{original: {:exception, :undef, _}} = error_of(fn -> :erpc.call(node, fn -> 1 end) end)
    me = self()
    pid = Node.spawn(node, :math, :tell, [me, :spawned])
    receive do: ({^pid, :spawned} -> ^node = node(pid))
    Process.flag(:trap_exit, true)
    pid = Node.spawn_link(node, :math, :tell, [me, :linked])
    receive do: ({^pid, :linked} -> :ok)
    receive do: ({:EXIT, ^pid, :normal} -> :ok)
    {pid, ref} = Node.spawn_monitor(node, :math, :tell, [me, :monitored])
    receive do: ({^pid, :monitored} -> :ok)
    receive do: ({:DOWN, ^ref, :process, ^pid, :normal} -> :ok)
    # A function of this node is not there: it runs nothing.
    {pid, ref} = Node.spawn_monitor(node, fn -> send(me, :ran) end)
    receive do: ({:DOWN, ^ref, :process, ^pid, {:undef, _}} -> :ok)
    refute_received()
    :ok
  end

  # The names of `:global` and the groups of `:pg`, to which the Rust node has added its own.
  def names(node) do
    true = Node.connect(node)
    :ok = :global.sync()
    ^node = node(GenServer.whereis({:global, MyApp.Desk}))
    0 = GenServer.call({:global, MyApp.Desk}, :size)
    0 = GenServer.call({:via, :global, MyApp.Desk}, :size)
    {:error, {:already_started, _}} = GenServer.start(MyApp.Desk, 7, name: {:global, MyApp.Desk})
    {:ok, theirs} = GenServer.start(MyApp.Desk, 7, name: {:global, :theirs})
    {:ok, _} = :pg.start(:pg)
    :ok = :pg.join(:desks, theirs)
    {ref, members} = :pg.monitor(:desks)
    known = Enum.any?(members, &(node(&1) == node))
    known || receive do: ({^ref, :join, :desks, [pid]} -> ^node = node(pid))
    ^node = node(hd(:pg.get_members(:desks) -- [theirs]))
    :ok
  end

  def many(node) do
    {:ok, _} = GenServer.start(MyApp.Desk, 41, name: :desk)
    {replies, []} = GenServer.multi_call([node(), node], :desk, :size)
    ^replies = [{node(), 41}, {node, 0}]
    {[{^node, 0}], [:"nobody@127.0.0.1"]} = GenServer.multi_call([node, :"nobody@127.0.0.1"], :desk, :size, 5_000)
    :abcast = GenServer.abcast([node(), node], :desk, {:put, :a, 1})
    {[{_, 42}, {_, 1}], []} = GenServer.multi_call([node(), node], :desk, :size)
    # Tasks call side by side.
    results = 1..50 |> Task.async_stream(fn n -> GenServer.call({:desk, node}, {:echo, n}) end, max_concurrency: 50)
    true = Enum.map(results, fn {:ok, n} -> n end) == Enum.to_list(1..50)
    :ok
  end

  defp exit_of(fun) do
    fun.()
  catch
    :exit, reason -> reason
  end

  defp error_of(fun) do
    fun.()
  rescue
    error -> error
  end
end

# Servers of Elixir that Rust calls.
defmodule MyApp.Desk do
  use GenServer

  def init(size), do: {:ok, size}
  def handle_call(:size, _from, size), do: {:reply, size, size}
  def handle_call({:rename, %MyApp.User{} = user, name}, _from, size), do: {:reply, %{user | name: name}, size}
  def handle_call({:find, "Ann"}, _from, size), do: {:reply, %MyApp.User{name: "Ann"}, size}
  def handle_call({:find, _}, _from, size), do: {:reply, nil, size}
  def handle_call({:options, options}, _from, size), do: {:reply, Keyword.put_new(options, :limit, 3), size}
  def handle_call({:echo, term}, _from, size), do: {:reply, term, size}
  def handle_call({:kind, term}, _from, size) when is_list(term), do: {:reply, ~c"list", size}
  def handle_call({:kind, term}, _from, size) when is_binary(term), do: {:reply, "binary", size}
  def handle_cast({:put, _, _}, size), do: {:noreply, size + 1}
end
