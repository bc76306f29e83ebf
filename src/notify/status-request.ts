import type { CommitStatus } from '../report/commit-status.ts';
import { readSecret } from '../secrets/credential-file.ts';
import type { StatusDestination } from './receiver.ts';

export interface StatusRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * How the status of a commit is set. Endpoints and fields: docs.github.com "REST API endpoints for commit statuses",
 * docs.gitlab.com "Commits API", docs.gitea.com "API" (Forgejo has the same).
 */
export async function statusRequest(
  destination: StatusDestination,
  status: CommitStatus,
): Promise<StatusRequest> {
  const { type, apiUrl, project, tokenFile, targetUrl } = destination;
  const token = await readSecret(tokenFile, 'token file');
  const { commit, state, description, context } = status;
  const target = targetUrl === null ? {} : { target_url: targetUrl };
  const common = { description, ...target };
  switch (type) {
    case 'github':
      return {
        url: new URL(`${apiUrl}/repos/${pathOf(project)}/statuses/${commit}`),
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
        },
        body: JSON.stringify({ state, context, ...common }),
      };
    case 'gitea':
      return {
        url: new URL(`${apiUrl}/repos/${pathOf(project)}/statuses/${commit}`),
        headers: { authorization: `token ${token}`, accept: 'application/json' },
        body: JSON.stringify({ state, context, ...common }),
      };
    case 'gitlab':
      return {
        url: new URL(`${apiUrl}/projects/${encodeURIComponent(project)}/statuses/${commit}`),
        headers: { 'private-token': token, accept: 'application/json' },
        body: JSON.stringify({ state: gitlabStates[state], name: context, ...common }),
      };
  }
}

const gitlabStates = { pending: 'pending', success: 'success', failure: 'failed' } as const;

function pathOf(project: string): string {
  return project.split('/').map(encodeURIComponent).join('/');
}
