import type { ScalarNode } from '../node.ts';

/**
 * A scalar as Compose writes it where a text is wanted (an environment variable, a label): numbers as Go prints them,
 * so `1.10` gives `1.1` and `1000000.0` gives `1e+06`; null gives the empty text.
 */
export function formatScalar(node: ScalarNode): string {
  const { value } = node;
  if (value === null) return '';
  if (typeof value !== 'number') return String(value);
  return isFloatSource(node.source) ? formatFloat(value) : String(value);
}

/** Whether a number was written with a fraction or an exponent. */
export function isFloatSource(source: string): boolean {
  return /^[-+]?(?:\d[\d_]*)?(?:\.|\d[eE])/.test(source);
}

/** Go's `%v` for a float64: shortest digits, with an exponent from 1e+06 up and below 1e-04. */
function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  const sign = exponent < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
