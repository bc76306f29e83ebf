import { resolve } from 'node:path';

import { describe, expect, it } from 'vitest';

import { receiverSettings } from '../../../src/cli/receiver-settings.ts';
import type { Receiver as Written } from '../../../src/generated/operator.ts';
import type { Receiver } from '../../../src/notify/receiver.ts';

const repository = 'https://git.example.com/team/fleet.git';

function read(written: Omit<Written, 'name'>, said: Record<string, string> = {}): Receiver {
  const [receiver] = receiverSettings([{ name: 'ops', ...written }], { repository, ...said });
  if (receiver === undefined) throw new Error('there is one');
  return receiver;
}

const tokenFile = 'token';

describe('receiverSettings()', () => {
  it('fills in what is not said', () => {
    expect(read({ type: 'webhook', url: 'https://x.example.com/hook', secretFile: 's' })).toEqual({
      name: 'ops',
      isStatus: false,
      events: null,
      applications: null,
      reminderMs: null,
      destination: {
        type: 'webhook',
        url: 'https://x.example.com/hook',
        urlFile: null,
        secretFile: resolve('s'),
      },
      route: { caFile: undefined, proxy: undefined },
    });
  });

  it('goes the way of the repository, unless it trusts somebody of its own', () => {
    const said = { caFile: 'ca.pem', proxy: 'http://proxy.example.com:3128' };
    const slack = { type: 'slack', urlFile: 'u' } as const;

    expect(read(slack, said).route).toMatchObject({
      caFile: resolve('ca.pem'),
      proxy: { url: said.proxy },
    });
    expect(read({ ...slack, caFile: 'own.pem' }, said).route.caFile).toBe(resolve('own.pem'));
  });

  it('takes the usual ports for mail', () => {
    const mail: Omit<Written, 'name'> = {
      type: 'email',
      host: 'mail.example.com',
      from: 'a@b',
      to: ['c@d'],
    };

    expect(read(mail).destination).toMatchObject({
      port: 587,
      encryption: 'starttls',
      login: null,
    });
    expect(read({ ...mail, encryption: 'tls' }).destination).toMatchObject({ port: 465 });
    const login = { username: 'u', passwordFile: 'p' };
    expect(read({ ...mail, port: 25, ...login }).destination).toMatchObject({
      port: 25,
      login: { username: 'u', passwordFile: resolve('p') },
    });
  });

  it.each([
    ['github', 'https://github.com/team/fleet.git', 'https://api.github.com', 'team/fleet'],
    ['github', 'git@github.com:team/fleet', 'https://api.github.com', 'team/fleet'],
    ['github', 'https://ghe.example.com/a/b', 'https://ghe.example.com/api/v3', 'a/b'],
    [
      'gitlab',
      'https://gl.example.com:8443/a/b/c.git',
      'https://gl.example.com:8443/api/v4',
      'a/b/c',
    ],
    ['gitea', 'ssh://git@gt.example.com:2222/a/b.git', 'https://gt.example.com/api/v1', 'a/b'],
    ['gitlab', 'ssh://git@altssh.gitlab.com:443/a/b.git', 'https://gitlab.com/api/v4', 'a/b'],
    ['gitea', 'ssh://git@[2001:db8::1]:22/a/b.git', 'https://[2001:db8::1]/api/v1', 'a/b'],
    ['gitea', 'https://gt.example.com/a/100%.git', 'https://gt.example.com/api/v1', 'a/100%'],
  ] as const)('%s finds the API of %s', (type, repository, apiUrl, project) => {
    expect(read({ type, tokenFile }, { repository })).toMatchObject({
      isStatus: true,
      destination: { type, apiUrl, project, tokenFile: resolve('token'), targetUrl: null },
    });
  });

  it('takes the API and the project that are named', () => {
    const named = { apiUrl: 'http://127.0.0.1:3000/api/v1/', project: 'a/b' };

    expect(
      read({ type: 'gitea', tokenFile, ...named }, { repository: '/srv/x' }).destination,
    ).toMatchObject({ apiUrl: 'http://127.0.0.1:3000/api/v1', project: 'a/b' });
  });

  it.each<[string, Omit<Written, 'name'>, string]>([
    ['no secret', { type: 'webhook', url: 'https://x' }, 'the type webhook takes secretFile'],
    [
      'two URLs',
      { type: 'webhook', url: 'https://x', urlFile: 'u', secretFile: 's' },
      'either url or urlFile',
    ],
    ['no URL', { type: 'webhook', secretFile: 's' }, 'either url or urlFile'],
    [
      'a password',
      { type: 'webhook', url: 'https://u:planted@x', secretFile: 's' },
      'without user name',
    ],
    [
      'a secret in the open',
      { type: 'slack', url: 'https://planted', urlFile: 'u' },
      'does not know url',
    ],
    [
      'events of a status',
      { type: 'github', tokenFile, events: ['host-lost'] },
      'does not know events',
    ],
    [
      'half a login',
      { type: 'email', host: 'h', from: 'a@b', to: ['c@d'], username: 'u' },
      'go together',
    ],
    [
      'mail in the open',
      { type: 'email', host: 'h', from: 'a@b', to: ['c@d'], encryption: 'none' },
      'on this machine',
    ],
    [
      'a token in the open',
      { type: 'gitea', tokenFile, apiUrl: 'http://x/api/v1' },
      'must be https',
    ],
    ['no project', { type: 'gitea', tokenFile, project: 'fleet' }, 'looks like OWNER/NAME'],
    ['another project', { type: 'gitea', tokenFile, project: 'a/b/..' }, 'looks like OWNER/NAME'],
    ['a short interval', { type: 'slack', urlFile: 'u', reminder: '10s' }, 'must be 1m at least'],
  ])('refuses %s', (_what, written, message) => {
    const attempt = (): Receiver => read(written);

    expect(attempt).toThrow(message);
    expect(attempt).toThrow('Cannot tell the receiver "ops"');
    expect(attempt).not.toThrow('planted');
  });

  it('refuses what is not where a repository is, and a name twice', () => {
    expect(() => read({ type: 'github', tokenFile }, { repository: '/srv/fleet' })).toThrow(
      'apiUrl and project cannot be found',
    );
    const slack = { name: 'ops', type: 'slack', urlFile: 'u' } as const;
    expect(() => receiverSettings([slack, slack], {})).toThrow('two have this name');
  });
});
