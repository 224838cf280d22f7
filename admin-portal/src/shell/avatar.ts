import { Component, computed, input } from '@angular/core';

/** The first letters of a name; the name itself stands beside it. */
@Component({
  selector: 'admin-avatar',
  template: `{{ initials() }}`,
  host: { 'aria-hidden': 'true', '[attr.data-tone]': 'tone()' },
  styles: `
    :host {
      display: inline-grid;
      place-items: center;
      flex: none;
      inline-size: var(--avatar-size, 2.5rem);
      block-size: var(--avatar-size, 2.5rem);
      border-radius: 50%;
      font-size: calc(var(--avatar-size, 2.5rem) * 0.36);
      font-weight: 600;
      letter-spacing: 0.02em;
      color: var(--admin-avatar-ink);
      background: var(--admin-avatar-0);
    }
    :host([data-tone='1']) {
      background: var(--admin-avatar-1);
    }
    :host([data-tone='2']) {
      background: var(--admin-avatar-2);
    }
    :host([data-tone='3']) {
      background: var(--admin-avatar-3);
    }
  `,
})
export class Avatar {
  readonly name = input.required<string>();
  /** Chooses the colour, the same for the same one. */
  readonly of = input('');

  protected readonly initials = computed(() => {
    const words = this.name()
      .split(/[\s._-]+/u)
      .filter((word) => word !== '');
    const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
    return letters
      .map((word) => firstLetter(word ?? ''))
      .join('')
      .toUpperCase();
  });
  protected readonly tone = computed(() => {
    let sum = 0;
    for (let index = 0; index < this.of().length; index += 1) sum += this.of().charCodeAt(index);
    return sum % 4;
  });
}

function firstLetter(word: string): string {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word);
  return first?.segment ?? '';
}
