import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';

import { ChangeLog } from '../../../src/fleet/change-log.ts';
import { FileWatch } from '../../../src/fleet/file-watch.ts';
import { HostPicture } from '../../../src/fleet/host-picture.ts';
import { label } from '../../../src/model/labels.ts';
import { toHostName } from '../../../src/model/names.ts';
import { systemClock } from '../../../src/reconcile/system-clock.ts';
import { clientOf, closeServers } from '../../support/engine-server.ts';

afterEach(closeServers);

const Labels = { [label.fleet]: 'test' };
const listed = ['web', 'db'].map((name) => ({ Id: name, Names: [`/${name}`], Labels }));

/** Everything that a host is asked for; `web` was removed right after it was listed. */
const answers: Readonly<Record<string, unknown>> = {
  '/info': { ID: 'engine' },
  '/networks': [],
  '/volumes': { Volumes: [] },
  '/images/json': [],
  '/containers/json': listed,
  '/containers/db/json': {
    Id: 'db',
    Name: '/db',
    Config: { Labels },
    State: { Status: 'running' },
  },
};

it('a container that is removed between the list and its inspect is not there, and the others are', async () => {
  const asked: string[] = [];
  const { client } = await clientOf((request, response) => {
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*$/, '');
    asked.push(path);
    const body = answers[path];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: `No such container: ${path}` }));
  });
  const files = new FileWatch({
    key: null,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
  });
  const picture = new HostPicture({
    host: toHostName('host-1'),
    fleet: 'test',
    readMs: 5_000,
    clock: systemClock,
    files,
    changes: new ChangeLog('test'),
  });

  await picture.readAll(client, {}, new AbortController().signal);

  expect(asked).toContain('/containers/web/json');
  expect(picture.observe(0, 0)?.containers.map(({ name }) => name)).toEqual(['db']);
});
