import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { run } from './command.ts';
import type { HostLayout, SandboxLayout } from './layout.ts';

/** Paths of a certificate, its key and the authority by which the other side is judged. */
export interface Identity {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface CertificateRequest {
  readonly identity: Identity;
  readonly subject: string;
  /** X.509 extensions in the words of openssl's configuration. */
  readonly extensions: readonly string[];
  /** Null: it vouches for itself. */
  readonly signer: Identity | null;
}

const validDays = '3650';

export function identityIn(folder: string): Identity {
  return {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  };
}

/** The server side of a host. */
export function serverIdentity(host: HostLayout): Identity {
  return identityIn(join(host.folder, 'tls'));
}

/** Makes the authority of a fleet, and the certificate by which its engines know a client. */
export async function createAuthority(layout: SandboxLayout, signal?: AbortSignal): Promise<void> {
  await createCertificate(
    {
      identity: authorityOf(layout),
      subject: authorityName(layout),
      extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'],
      signer: null,
    },
    signal,
  );
  await createCertificate(
    {
      identity: clientOf(layout),
      subject: `${layout.fleetName} operator`,
      extensions: ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=clientAuth'],
      signer: authorityOf(layout),
    },
    signal,
  );
}

/** Makes the certificate by which clients know the engine of a host. */
export async function createServerCertificate(
  layout: SandboxLayout,
  host: HostLayout,
  address: string,
  signal?: AbortSignal,
): Promise<void> {
  await createCertificate(
    {
      identity: serverIdentity(host),
      subject: host.name,
      extensions: [
        'basicConstraints=critical,CA:FALSE',
        'extendedKeyUsage=serverAuth',
        `subjectAltName=IP:${address},IP:127.0.0.1,DNS:${host.name}`,
      ],
      signer: authorityOf(layout),
    },
    signal,
  );
}

/** Gives every host its folder of credentials. They appear all at once, so that no reader sees half of them. */
export function publishCredentials(layout: SandboxLayout, hosts: readonly HostLayout[]): void {
  const client = clientOf(layout);
  const staging = join(layout.engines, 'credentials');
  for (const host of hosts) {
    const folder = join(staging, host.name);
    mkdirSync(folder, { recursive: true });
    copyIdentity(client, identityIn(folder));
  }
  renameSync(staging, layout.credentials);
}

/** Removes the folders of credentials whose authority is the fleet's own, and the folder around them if it is then empty. */
export function removeCredentials(layout: SandboxLayout): void {
  for (const name of readFolder(layout.credentials)) {
    const folder = join(layout.credentials, name);
    if (isOurs(layout, identityIn(folder).ca)) rmSync(folder, { recursive: true, force: true });
  }
  if (readFolder(layout.credentials).length === 0) {
    rmSync(layout.credentials, { recursive: true, force: true });
  }
}

async function createCertificate(
  request: CertificateRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { identity, subject, extensions, signer } = request;
  const folder = join(identity.cert, '..');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const config = join(folder, 'openssl.cnf');
  // A configuration of our own: the system's adds extensions, and the same one twice makes a certificate invalid.
  writeFileSync(
    config,
    `[req]\ndistinguished_name=name\n[name]\n[extensions]\n${extensions.join('\n')}\n`,
  );
  const signing = signer === null ? [] : ['-CA', signer.cert, '-CAkey', signer.key];
  const naming = ['-config', config, '-extensions', 'extensions', '-subj', `/CN=${subject}`];
  const keying = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const output = ['-days', validDays, '-keyout', identity.key, '-out', identity.cert];
  const args = ['req', '-x509', ...naming, ...keying, ...output, ...signing];
  await run('openssl', args, { signal });
  chmodSync(identity.key, 0o600);
  copyFileSync(signer?.cert ?? identity.cert, identity.ca);
}

function authorityOf(layout: SandboxLayout): Identity {
  return identityIn(join(layout.engines, 'pki', 'authority'));
}

function clientOf(layout: SandboxLayout): Identity {
  return identityIn(join(layout.engines, 'pki', 'client'));
}

function authorityName(layout: SandboxLayout): string {
  return `${layout.fleetName} authority`;
}

function copyIdentity(from: Identity, to: Identity): void {
  for (const part of ['ca', 'cert', 'key'] as const) copyFileSync(from[part], to[part]);
  chmodSync(to.key, 0o600);
}

function isOurs(layout: SandboxLayout, ca: string): boolean {
  try {
    return new X509Certificate(readFileSync(ca)).subject === `CN=${authorityName(layout)}`;
  } catch {
    return false;
  }
}

function readFolder(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
