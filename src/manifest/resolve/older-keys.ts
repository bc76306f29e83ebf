/** Keys of a service that mean the same as a newer one below `deploy`. */
export const olderKeys: Readonly<Record<string, readonly string[]>> = {
  'deploy.replicas': ['scale'],
  'deploy.resources.limits.cpus': ['cpus', 'cpu_quota'],
  'deploy.resources.limits.memory': ['mem_limit'],
  'deploy.resources.limits.pids': ['pids_limit'],
  'deploy.resources.reservations.memory': ['mem_reservation'],
  'deploy.resources.reservations.devices': ['gpus'],
};
