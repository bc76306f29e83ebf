import { describe, expect, it } from 'vitest';

import { formatProblem, loadFiles } from '../../support/load-files.ts';

const manifest = `services:
  web:
    image: nginx
    volumes: [/srv/data:/data, /etc:/host, "../conf:/conf:ro", /srv/../etc/x:/x]
  db:
    image: nginx
    volumes: [disk:/disk]
volumes:
  disk: { driver_opts: { type: none, o: bind, device: /mnt/disk } }
`;

function complaints(policy: string): readonly string[] {
  const fleet = `name: test\nhosts: [{ name: a, endpoint: "unix:///run/docker.sock" }]\n${policy}`;
  const { diagnostics } = loadFiles({
    'fleet.yaml': fleet,
    'shop/compose.yaml': manifest,
    'conf/a': 'a',
  });
  return diagnostics.map(formatProblem);
}

function refused(place: string, path: string, allows: string): string {
  return `shop/compose.yaml:${place} policy-host-path: Cannot mount "${path}" of the host: policy.hostPaths of fleet.yaml allows ${allows}`;
}

describe('policy.hostPaths', () => {
  it.each(['', 'policy: { hostPaths: allow }\n', 'policy: { hostPaths: [/] }\n'])(
    '%j allows all',
    (policy) => {
      expect(complaints(policy)).toEqual([]);
    },
  );

  it('deny refuses all that is of the host', () => {
    expect(complaints('policy: { hostPaths: deny }\n')).toEqual([
      refused('4:15', '/srv/data', 'none'),
      refused('4:32', '/etc', 'none'),
      refused('4:64', '/etc/x', 'none'),
      refused('9:3', '/mnt/disk', 'none'),
    ]);
  });

  it('a list allows what lies at or below one of its paths', () => {
    const allows = 'only what lies at or below /srv, /mnt/disk';

    expect(complaints('policy: { hostPaths: [/srv/, /mnt/disk] }\n')).toEqual([
      refused('4:32', '/etc', allows),
      refused('4:64', '/etc/x', allows),
    ]);
  });

  it.each(['policy: { hostPaths: never }\n', 'policy: { hostPaths: [srv] }\n'])(
    '%j is refused',
    (policy) => {
      expect(complaints(policy)).toHaveLength(1);
    },
  );
});
