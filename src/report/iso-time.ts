const msPerDay = 86_400_000;

/**
 * ISO 8601 in UTC with seconds, from milliseconds since the epoch. Calendar arithmetic after Howard Hinnant's "days from
 * civil" (public domain), since a pure room has no `Date`.
 */
export function isoTime(ms: number): string {
  const days = Math.floor(ms / msPerDay);
  const seconds = Math.floor((ms - days * msPerDay) / 1_000);
  const { year, month, day } = civilFromDays(days);
  const time = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return `${year}-${two(month)}-${two(day)}T${time.map(two).join(':')}Z`;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
