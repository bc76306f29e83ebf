import { listServerRefs } from 'isomorphic-git';

import type { RefLookup } from './find-tip.ts';
import type { Transport } from './transport.ts';

/** The refs of a server, each asked for once; where a tag leads is its commit. */
export function serverRefs(transport: Transport, signal: AbortSignal): RefLookup {
  const seen = new Map<string, string>();
  const ask = async (prefix: string): Promise<void> => {
    for (const [ref, oid] of await listRefs(transport, prefix, signal)) seen.set(ref, oid);
  };
  return {
    find: async (ref) => {
      if (!seen.has(ref)) await ask(ref);
      return seen.get(ref);
    },
    list: async (folder) => {
      await ask(folder);
      const listed = [...seen.keys()].filter((ref) => ref.startsWith(folder));
      return listed.map((ref) => ref.slice(folder.length));
    },
  };
}

/** By version 2 of the protocol, where the server sends no other refs than those asked for. */
async function listRefs(
  transport: Transport,
  prefix: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  await using http = transport.converse(signal);
  const { url } = transport;
  const asked = { http, url, prefix, peelTags: true, protocolVersion: 2, headers: {} } as const;
  const refs = await listServerRefs(asked);
  return new Map(refs.map(({ ref, oid, peeled }) => [ref, peeled ?? oid]));
}
