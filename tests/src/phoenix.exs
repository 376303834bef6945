# Stands in for the package phoenix_pubsub, which cannot be fetched where the tests run: the same modules, processes, groups
# and messages, as far as they are seen by other nodes and by those who call them.
defmodule Phoenix.PubSub do
  # The registry of the subscribers, and the workers of the adapter, one for each group.
  def start(name, pool_size \\ 1) do
    caller = self()

    keeper =
      spawn(fn ->
        with {:error, {:already_started, _}} <- :pg.start_link(__MODULE__), do: :ok
        {:ok, _} = Registry.start_link(keys: :duplicate, name: name)
        groups = groups(Module.concat(name, "Adapter"), pool_size)
        :persistent_term.put({__MODULE__, name}, List.to_tuple(groups))
        for group <- groups, do: {:ok, _} = GenServer.start_link(Phoenix.PubSub.Worker, {name, group}, name: group)
        send(caller, {:started, self()})
        Process.sleep(:infinity)
      end)

    receive do: ({:started, ^keeper} -> :ok)
  end

  defp groups(adapter, size) do
    [adapter | Enum.map(1..size//1, &:"#{adapter}_#{&1}") |> Enum.drop(1)]
  end

  defp group(name) do
    groups = :persistent_term.get({__MODULE__, name})
    elem(groups, :erlang.phash2(self(), tuple_size(groups)))
  end

  def subscribe(name, topic) when is_binary(topic) do
    {:ok, _} = Registry.register(name, topic, nil)
    :ok
  end

  def unsubscribe(name, topic), do: Registry.unregister(name, topic)

  def broadcast(name, topic, message, dispatcher \\ __MODULE__), do: publish(name, :none, topic, message, dispatcher)

  def broadcast_from(name, from, topic, message, dispatcher \\ __MODULE__),
    do: publish(name, from, topic, message, dispatcher)

  defp publish(name, from, topic, message, dispatcher) do
    for pid <- :pg.get_members(__MODULE__, group(name)), node(pid) != node() do
      send(pid, {:forward_to_local, topic, message, dispatcher})
    end

    local_broadcast(name, from, topic, message, dispatcher)
  end

  def direct_broadcast(node, name, topic, message, dispatcher \\ __MODULE__) do
    send({group(name), node}, {:forward_to_local, topic, message, dispatcher})
    :ok
  end

  def local_broadcast(name, from, topic, message, dispatcher) do
    Registry.dispatch(name, topic, {dispatcher, :dispatch, [from, message]})
    :ok
  end

  # As a dispatcher.
  def dispatch(entries, from, message) do
    for {pid, _} <- entries, pid != from, do: send(pid, message)
    :ok
  end
end

defmodule Phoenix.PubSub.Worker do
  use GenServer

  def init({name, group}) do
    :ok = :pg.join(Phoenix.PubSub, group, self())
    {:ok, name}
  end

  def handle_info({:forward_to_local, topic, message, dispatcher}, name) do
    Phoenix.PubSub.local_broadcast(name, :none, topic, message, dispatcher)
    {:noreply, name}
  end

  def handle_info(_, name), do: {:noreply, name}
end
