import type { Unmanaged, UnmanagedHost } from '../generated/unmanaged.ts';
import type { Style } from './style.ts';
import { columns, count, wrap } from './text.ts';

/** What Git does not know as text, host by host. */
export function renderUnmanaged(document: Unmanaged, style: Style): string {
  const { revision, hosts, unreachableHosts } = document;
  const title = `Not in ${revision.branch}@${revision.commit.slice(0, 12)} "${revision.subject}"`;
  const lines = [style.bold(wrap(title, '  ', '')), ''];
  for (const host of hosts) {
    const rows = rowsOf(host);
    if (rows.length > 0) lines.push(style.bold(host.host), ...columns(rows, '  '), '');
  }
  for (const host of unreachableHosts) {
    lines.push(style.yellow(`! host ${host} cannot be seen: nothing is known of it`));
  }
  lines.push(summaryOf(hosts));
  return lines.join('\n');
}

function rowsOf({ containers, networks, volumes }: UnmanagedHost): readonly (readonly string[])[] {
  return [
    ...containers.map(({ container, image, state, project, ports }) => [
      'container',
      container,
      state,
      [image, ...ports, ofProject(project)].filter((word) => word !== '').join(' '),
    ]),
    ...networks.map(({ name, driver, project }) => ['network', name, driver, ofProject(project)]),
    ...volumes.map(({ name, driver, project }) => ['volume', name, driver, ofProject(project)]),
  ];
}

function ofProject(project: string): string {
  return project === '' ? '' : `(Compose project ${project})`;
}

function summaryOf(hosts: readonly UnmanagedHost[]): string {
  const where = `on ${count(hosts.length, 'host')}`;
  if (hosts.every((host) => rowsOf(host).length === 0)) return `nothing else is ${where}`;
  const number = (key: 'containers' | 'networks' | 'volumes'): number =>
    hosts.reduce((sum, host) => sum + host[key].length, 0);
  const all = [
    count(number('containers'), 'container'),
    count(number('networks'), 'network'),
    count(number('volumes'), 'volume'),
  ];
  return `${all.join(', ')} ${where}; they are never touched`;
}
