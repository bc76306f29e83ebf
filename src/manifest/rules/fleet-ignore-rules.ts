import type { ApplicationSpec } from '../../model/application.ts';
import { diagnosticAt, type Diagnostic } from '../../model/diagnostic.ts';
import type { FleetSpec } from '../../model/fleet.ts';
import { matchesGlob } from '../../model/glob.ts';
import type { IgnoreRule } from '../../model/ignore-rule.ts';
import { didYouMean } from '../suggest.ts';

/**
 * Warns of rules in fleet.yaml that name an application or a service that is not there.
 *
 * @param found names of all applications, the invalid ones included
 */
export function judgeFleetIgnoreRules(
  { driftIgnore }: FleetSpec,
  found: readonly string[],
  applications: readonly ApplicationSpec[],
): readonly Diagnostic[] {
  return driftIgnore.flatMap((rule) => judge(rule, found, applications) ?? []);
}

function judge(
  rule: IgnoreRule,
  found: readonly string[],
  applications: readonly ApplicationSpec[],
): Diagnostic | null {
  const { application, service } = rule;
  const named = found.filter((name) => matchesGlob(application, name));
  if (named.length === 0 && application !== '*') {
    const message = `no application is named "${application}"${didYouMean(application, found)}`;
    return warning(rule, 'application', 'unknown-application', message);
  }
  const known = applications.filter(({ name }) => named.includes(name));
  // What is invalid may well have the service.
  if (service === '*' || known.length < named.length) return null;
  const services = known.flatMap((each) => each.services.map(({ name }) => name));
  if (services.some((name) => matchesGlob(service, name))) return null;
  const where = application === '*' ? '' : ` in application "${application}"`;
  const message = `no service is named "${service}"${where}${didYouMean(service, services)}`;
  return warning(rule, 'service', 'unknown-service', message);
}

function warning({ origin }: IgnoreRule, key: string, code: string, message: string): Diagnostic {
  return diagnosticAt(origin, `drift.ignore.${key}`, code, message, {
    severity: 'warning',
    hint: 'The rule has no effect: correct the name, or remove it',
  });
}
