import type { Host, Hosts } from '../generated/hosts.ts';
import { roundBytes } from '../model/format-bytes.ts';
import type { Style } from './style.ts';
import { columns, count } from './text.ts';

/** The hosts as text: for each its state, its engine, what is placed on it, what is reserved of what can be, its labels. */
export function renderHosts({ revision, hosts }: Hosts, style: Style): string {
  const title = `${revision.branch}@${revision.commit.slice(0, 12)} "${revision.subject}"`;
  return [style.bold(title), '', ...columns(hosts.map(rowOf))].join('\n');
}

function rowOf(host: Host): readonly string[] {
  return [
    host.host,
    host.use === 'open' ? host.state : `${host.state}, ${host.use}`,
    engineOf(host),
    count(host.slots, 'slot'),
    reservedOf(host),
    labelsOf(host),
  ];
}

function engineOf({ state, since, reason, engine, apiVersion, platform }: Host): string {
  if (state === 'ready') return `Docker ${engine}, API ${apiVersion}, ${platform}`;
  return since === null ? reason : `since ${since}: ${reason}`;
}

function reservedOf({ capacity, reserve, reserved }: Host): string {
  const [cpus, memory] = [round(reserved.cpus), roundBytes(reserved.memory)];
  if (capacity === null) return `${cpus} CPUs, ${memory} reserved`;
  const room = {
    cpus: round(Math.max(0, capacity.cpus - reserve.cpus)),
    memory: roundBytes(Math.max(0, capacity.memory - reserve.memory)),
  };
  return `${cpus} of ${room.cpus} CPUs, ${memory} of ${room.memory} reserved`;
}

function round(cpus: number): string {
  return String(Math.round(cpus * 100) / 100);
}

function labelsOf({ labels }: Host): string {
  return Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
