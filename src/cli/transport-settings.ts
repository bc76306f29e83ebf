import { resolve } from 'node:path';

import { UsageError } from '../model/errors.ts';
import type { SigningOptions } from '../source/sign-commit.ts';
import type { HttpOptions, SshOptions } from '../source/source-options.ts';
import type { Said } from './said.ts';

const defaultGithubApi = 'https://api.github.com';

/** @throws UsageError when what was said is half of something, or no choice that there is */
export function httpSettings(said: Said): HttpOptions {
  const { tokenScheme, proxy, proxyCredentialsFile, proxyBypass: bypass } = said;
  if (tokenScheme !== undefined && tokenScheme !== 'basic' && tokenScheme !== 'bearer') {
    throw new UsageError(`Cannot use --token-scheme "${tokenScheme}": it is one of basic, bearer`);
  }
  return {
    tokenScheme,
    githubApp: githubApp(said),
    caFile: path(said.caFile),
    clientCertFile: path(said.clientCertFile),
    clientKeyFile: path(said.clientKeyFile),
    proxy:
      proxy === undefined
        ? undefined
        : { url: proxy, credentialsFile: path(proxyCredentialsFile), bypass },
  };
}

export function sshSettings(said: Said): SshOptions {
  return {
    keyFile: path(said.sshKeyFile),
    passphraseFile: path(said.sshPassphraseFile),
    agent: path(said.sshAgent),
    knownHostsFile: path(said.knownHostsFile),
  };
}

/** @throws UsageError when there is a passphrase and no key */
export function signingSettings(said: Said): SigningOptions | null {
  const [keyFile, passphraseFile] = [path(said.signingKeyFile), path(said.signingPassphraseFile)];
  if (keyFile !== undefined) return { keyFile, passphraseFile };
  if (passphraseFile === undefined) return null;
  throw new UsageError('Cannot sign commits: signingPassphraseFile goes with signingKeyFile');
}

function githubApp(said: Said): HttpOptions['githubApp'] {
  const { githubAppId: appId, githubInstallationId: installationId, githubAppKeyFile } = said;
  const keyFile = path(githubAppKeyFile);
  if (appId !== undefined && installationId !== undefined && keyFile !== undefined) {
    return { appId, installationId, keyFile, apiUrl: said.githubApiUrl ?? defaultGithubApi };
  }
  if (appId === undefined && installationId === undefined && keyFile === undefined) {
    return undefined;
  }
  throw new UsageError(
    'Cannot use a GitHub App: it takes githubAppId, githubInstallationId and githubAppKeyFile together',
  );
}

function path(written: string | undefined): string | undefined {
  return written === undefined ? undefined : resolve(written);
}
