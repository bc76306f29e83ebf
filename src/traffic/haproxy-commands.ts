import type { TrafficChange } from '../model/traffic.ts';

/** What is asked each time, in the order in which parseAnswer() expects the answers. */
export function readCommands(routes: string): readonly string[] {
  return ['show backend', 'show servers state', 'show stat -1 4 -1', `show map ${routes}`];
}

/**
 * Two failed connections in a row take an endpoint out until one succeeds: a host that falls silent is known to the proxy
 * before it is known to the operator. These do not come from the configuration: defaults do not hold for servers that are added.
 */
const check = 'check inter 1s fall 2 rise 1';

/** The commands of one change. Each may be given again: then it says so and changes nothing. */
export function changeCommands(change: TrafficChange, routes: string): readonly string[] {
  if (change.kind === 'route-requests') return routeCommands(change, routes);
  const { backend, name, address, port } = change.endpoint;
  const server = `${backend}/${name}`;
  switch (change.kind) {
    case 'admit-endpoint':
      return [
        `add server ${server} ${bracketed(address)}:${port} ${check}`,
        // One that is there already may have been started anew since, on another port.
        `set server ${server} addr ${address} port ${port}`,
        `enable health ${server}`,
        `set server ${server} state ready`,
      ];
    case 'withdraw-endpoint':
      return [`set server ${server} state drain`];
    case 'remove-endpoint':
      return [`set server ${server} state maint`, `del server ${server}`];
  }
}

/** A key is never taken away to be put back: requests in between would find nothing. */
function routeCommands(
  { key, backend, isNew }: Extract<TrafficChange, { readonly kind: 'route-requests' }>,
  routes: string,
): readonly string[] {
  if (backend === null) return [`del map ${routes} ${key}`];
  return [`${isNew ? 'add' : 'set'} map ${routes} ${key} ${backend}`];
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

const longestWord = 1_000;

/**
 * Whether what a change names is one word each for HAProxy, and no command of its own. Manifests hold no others; but names of
 * containers are what an engine says, and one that somebody has taken over must not speak to the proxies of other hosts.
 */
export function canBeSaid(change: TrafficChange): boolean {
  return wordsOf(change).every((word) => {
    return word.length <= longestWord && /^[^\s;<\\\p{C}]+$/u.test(word);
  });
}

function wordsOf(change: TrafficChange): readonly string[] {
  if (change.kind === 'route-requests') return [change.key, change.backend ?? change.key];
  const { backend, name, address, port } = change.endpoint;
  return [backend, name, address, String(port)];
}
