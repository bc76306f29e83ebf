import type { Subscription } from '../model/notice.ts';
import type { HttpRouteOptions } from '../source/http-route.ts';

/** Who is told, and how. All files are read at each use. */
export interface Receiver extends Subscription {
  readonly destination: Destination;
  /** Whom it trusts, and through which proxy it goes. */
  readonly route: Pick<HttpRouteOptions, 'caFile' | 'proxy'>;
}

export type Destination =
  | WebhookDestination
  | ChatDestination
  | MailDestination
  | StatusDestination;

export interface WebhookDestination {
  readonly type: 'webhook';
  /** Null: it is in the file. */
  readonly url: string | null;
  readonly urlFile: string | null;
  readonly secretFile: string;
}

export interface ChatDestination {
  readonly type: 'slack' | 'mattermost';
  readonly urlFile: string;
}

export interface MailDestination {
  readonly type: 'email';
  readonly host: string;
  readonly port: number;
  readonly encryption: 'starttls' | 'tls' | 'none';
  /** Null: the server asks for none. */
  readonly login: { readonly username: string; readonly passwordFile: string } | null;
  readonly from: string;
  readonly to: readonly string[];
}

export interface StatusDestination {
  readonly type: 'github' | 'gitlab' | 'gitea';
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** `OWNER/NAME`; with GitLab there may be more parts. */
  readonly project: string;
  readonly tokenFile: string;
  /** Where a status leads; null: nowhere. */
  readonly targetUrl: string | null;
}
