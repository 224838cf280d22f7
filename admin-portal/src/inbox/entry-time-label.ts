/** When something was written: the time today, the weekday within six days, else the date. In the device's time zone. */
export function entryTimeLabel(ms: number, now: number, language: string): string {
  const today = new Date(now).setHours(0, 0, 0, 0);
  const format = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(language, options).format(ms);
  if (ms >= today) return format({ hour: '2-digit', minute: '2-digit' });
  const firstWeekday = new Date(today).setDate(new Date(today).getDate() - 6);
  if (ms >= firstWeekday) return format({ weekday: 'short' });
  const isThisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return format(isThisYear ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: 'numeric' });
}
