import { Agent } from 'node:http';

import type { SshEndpoint } from '../model/fleet.ts';
import type { EngineAgents } from './engine-agents.ts';
import { closeIdle, quiet } from './quiet-agent.ts';
import type { SshCredentials } from './ssh-credentials.ts';
import { SshLink } from './ssh-link.ts';

/** Channels at once; forwarded ones do not count among the sessions that a server permits. */
const forwarded = { calls: 8, streams: 16 };
/** Together fewer than the ten sessions that OpenSSH permits on a connection: the events, two pulls and the hooks of four steps. */
const dialed = { calls: 2, streams: 7 };

/** Agents whose connections are channels of one SSH connection. */
export function openSshAgents(endpoint: SshEndpoint, credentials: SshCredentials): EngineAgents {
  const calls = new Agent({ keepAlive: true, maxSockets: forwarded.calls });
  const streams = new Agent({ keepAlive: false, maxSockets: forwarded.streams });
  const onDial = (): void => {
    calls.maxSockets = dialed.calls;
    streams.maxSockets = dialed.streams;
  };
  const link = new SshLink({ endpoint, credentials, onDial });
  return {
    calls: quiet(calls, () => link.socket()),
    streams: quiet(streams, () => link.socket()),
    close() {
      for (const agent of [calls, streams]) closeIdle(agent);
      link.close();
    },
  };
}
