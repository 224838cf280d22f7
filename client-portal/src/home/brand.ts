import { Component, inject } from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';

@Component({
  selector: 'portal-brand',
  template: `
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="var(--color-accent)" />
      <path d="M17.5 5 9 18h6l-1.5 9L23 14h-6.5z" fill="var(--color-on-accent)" />
    </svg>
    {{ texts.say('portal.brand') }}
  `,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      gap: var(--space-2);
      font-weight: 700;
    }
    svg {
      width: 2rem;
      height: 2rem;
    }
  `,
})
export class Brand {
  protected readonly texts = inject(Texts);
}
