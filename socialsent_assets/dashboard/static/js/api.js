// Questions to the server, newest answer wins.

const running = new Map();

/** JSON of a path. A newer question of the same `slot` cancels this one, which then answers undefined. */
export async function ask(path, query, slot = path) {
  running.get(slot)?.abort();
  const control = new AbortController();
  running.set(slot, control);
  try {
    for (;;) {
      const answer = await fetch(`api/${path}?${query ?? ""}`, { signal: control.signal });
      const body = await answer.json();
      if (answer.ok) return body;
      if (answer.status !== 503) throw new Error(body.error);
      document.dispatchEvent(new CustomEvent("waiting", { detail: body.error }));
      await new Promise((resume) => setTimeout(resume, 1500));
      if (control.signal.aborted) return undefined;
    }
  } catch (error) {
    if (error.name === "AbortError") return undefined;
    throw error;
  } finally {
    if (running.get(slot) === control) running.delete(slot);
  }
}

/** Calls `heard` with the server's state now and at each change, and `lost` while the line is down. */
export function follow(heard, lost) {
  const source = new EventSource("api/live");
  source.onmessage = (event) => heard(JSON.parse(event.data));
  source.onerror = () => {
    lost();
    if (source.readyState === EventSource.CLOSED) setTimeout(() => follow(heard, lost), 3000);
  };
}
