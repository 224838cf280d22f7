import { computed, inject, Injectable } from '@angular/core';
import { Languages } from './languages.js';
import { Texts } from './texts.js';

/** Times and days as people of the current language write them, in the time zone of the device. */
@Injectable({ providedIn: 'root' })
export class Dates {
  private readonly languages = inject(Languages);
  private readonly texts = inject(Texts);
  private readonly times = computed(() => this.format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }));
  private readonly days = computed(() => this.format({ day: 'numeric', month: 'long' }));
  private readonly daysOfOtherYears = computed(() => this.format({ day: 'numeric', month: 'long', year: 'numeric' }));
  private readonly wholes = computed(() => this.format({ dateStyle: 'full', timeStyle: 'short' }));

  /** 14:02 */
  time(date: Date): string {
    return this.times().format(date);
  }

  /** Today, Yesterday, 12 March, 12 March 2025 */
  day(date: Date, now = new Date()): string {
    if (date.toDateString() === now.toDateString()) return this.texts.say('date.today');
    const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
    if (date.toDateString() === yesterday.toDateString()) return this.texts.say('date.yesterday');
    return this.date(date, now);
  }

  /** 12 March, 12 March 2025 */
  date(date: Date, now = new Date()): string {
    const format = date.getFullYear() === now.getFullYear() ? this.days() : this.daysOfOtherYears();
    return format.format(date);
  }

  /** Wednesday, 12 March 2026 at 14:02 */
  whole(date: Date): string {
    return this.wholes().format(date);
  }

  private format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    return new Intl.DateTimeFormat(this.languages.locale(), options);
  }
}
