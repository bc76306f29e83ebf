import { readSecret, refuseCredential } from '../secrets/credential-file.ts';
import type { InstallationTokens } from './github-app.ts';

/** What proves to the server of a repository who asks. */
export interface Authorization {
  /** The `Authorization` header, or none. */
  header(signal: AbortSignal): Promise<string | undefined>;
  /** It was refused: what was kept of it is worth nothing. */
  refused(): void;
}

export const noAuthorization: Authorization = {
  header: async () => undefined,
  refused: () => {},
};

/** A token from a file, which is read at each use: it is rotated by replacing the file. */
export function tokenAuthorization(
  file: string,
  scheme: 'basic' | 'bearer',
  username: string,
): Authorization {
  return {
    async header() {
      const token = await readSecret(file, 'token file');
      if (scheme === 'bearer' && !/^[!-~]+$/.test(token)) {
        throw refuseCredential('use', 'token file', file, 'it holds a character that no token has');
      }
      return scheme === 'bearer' ? `Bearer ${token}` : basic(username, token);
    },
    refused: () => {},
  };
}

/** The token of an installed GitHub App. */
export function appAuthorization(tokens: InstallationTokens): Authorization {
  return {
    header: async (signal) => basic('x-access-token', await tokens.current(signal)),
    refused: () => tokens.forget(),
  };
}

/** A user name and a password, as HTTP has them since ever. */
export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
