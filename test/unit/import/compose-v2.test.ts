import { expect, it } from 'vitest';

import { projectContainer } from '../../../src/fleet/project-container.ts';
import type { WireContainer } from '../../../src/fleet/wire.ts';
import { checkImport } from '../../../src/import/check-import.ts';
import { foundProject } from '../../../src/import/found-application.ts';
import { importApplication } from '../../../src/import/import-application.ts';
import { toHostName } from '../../../src/model/names.ts';
import { noDefaults } from '../../../src/model/observation.ts';
import { aReachableHost } from '../../support/builders.ts';
import { loadFiles } from '../../support/load-files.ts';

const id = 'f0e1d2c3b4a5'.padEnd(64, '0');

/** As `docker compose` 2 makes it: the name of the container among its aliases, volumes among the binds. */
const container: WireContainer = {
  Id: id,
  Name: '/legacy-web-1',
  Image: 'sha256:i',
  State: { Status: 'running', Running: true },
  Config: {
    Hostname: id.slice(0, 12),
    Image: 'nginx:1.27',
    Env: ['LEVEL=info', 'PATH=/bin'],
    Cmd: ['nginx'],
    ExposedPorts: { '80/tcp': {} },
    Labels: {
      'com.docker.compose.config-hash': 'abc',
      'com.docker.compose.container-number': '1',
      'com.docker.compose.depends_on': '',
      'com.docker.compose.image': 'sha256:i',
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.project': 'legacy',
      'com.docker.compose.project.config_files': '/srv/legacy/compose.yaml',
      'com.docker.compose.project.working_dir': '/srv/legacy',
      'com.docker.compose.service': 'web',
      'com.docker.compose.version': '2.26.1',
      team: 'shop',
    },
  },
  HostConfig: {
    Binds: ['/srv/legacy/conf:/etc/nginx:ro', 'legacy_data:/data:rw'],
    NetworkMode: 'legacy_default',
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
    RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
    ExtraHosts: [],
    ShmSize: 64 * 2 ** 20,
    Runtime: 'runc',
    IpcMode: 'private',
    CgroupnsMode: 'private',
    LogConfig: { Type: 'json-file', Config: {} },
  },
  NetworkSettings: {
    Networks: {
      legacy_default: {
        Aliases: ['legacy-web-1', 'web', id.slice(0, 12)],
        // By `links` of a service to itself, and by `external_links`.
        Links: ['legacy-web-1:site', 'mail:smtp'],
      },
    },
  },
};

it('a container of Compose 2 is imported as a person would have written it', () => {
  const host = aReachableHost('host-1', {
    images: [
      {
        id: 'sha256:i',
        tags: ['nginx:1.27'],
        digests: ['nginx@sha256:1'],
        os: 'linux',
        architecture: 'amd64',
        defaults: { ...noDefaults, command: ['nginx'], environment: { PATH: '/bin' } },
      },
    ],
    networks: [
      {
        id: 'n',
        name: 'legacy_default',
        driver: 'bridge',
        internal: false,
        labels: { 'com.docker.compose.project': 'legacy' },
      },
    ],
  });
  const found = foundProject('legacy', [projectContainer(toHostName('host-1'), container, 0)]);
  if (found === null) throw new Error('there is a container');

  const { text, warnings } = importApplication(found, host, null);

  expect(warnings).toEqual([]);
  expect(text).toBe(`# Written by "fleetwright import" from Compose project "legacy".
name: legacy
services:
  web:
    image: nginx:1.27
    environment:
      LEVEL: info
    ports:
      - 8080:80
    volumes:
      - legacy_data:/data
      - /srv/legacy/conf:/etc/nginx:ro
    labels:
      team: shop
    restart: unless-stopped
    external_links:
      - mail:smtp
volumes:
  legacy_data:
    external: true
x-fleetwright:
  adopt:
    composeProject: legacy
`);
  const [application] = loadFiles({ 'legacy/compose.yaml': text }).applications;
  if (application === undefined) throw new Error('the manifest is valid');
  expect(checkImport(found, application, host)).toEqual([]);
});
