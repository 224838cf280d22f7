import { Component, computed, input } from '@angular/core';

/** Drawn on 20 × 20, stroked. */
const SHAPES = {
  back: 'M12.5 4 6.5 10l6 6',
  bell: 'M10 3a4.5 4.5 0 0 0-4.5 4.5c0 4-1.5 5-1.5 5h12s-1.5-1-1.5-5A4.5 4.5 0 0 0 10 3ZM8.5 15.5a1.6 1.6 0 0 0 3 0',
  bellOff:
    'M5.5 7.5c0 4-1.5 5-1.5 5h9M7 4.2A4.5 4.5 0 0 1 14.5 7.5c0 2 .4 3.3.8 4.1M8.5 15.5a1.6 1.6 0 0 0 3 0M3.5 3.5l13 13',
  check: 'M4 10.5l4 4 8-9',
  claim: 'M10 3v9.5M6 8.5l4 4 4-4M4 16.5h12',
  clock: 'M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM10 6.5V10l2.5 2',
  cross: 'M5 5l10 10M15 5 5 15',
  devices: 'M2.5 4h13v7.5h-13zM1.5 14.5h9M13.5 8.5h4.5v8h-4.5z',
  keyboard: 'M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7',
  leave: 'M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8',
  pen: 'M4 16l.8-3.4 8.7-8.7a1.5 1.5 0 0 1 2.1 0l.5.5a1.5 1.5 0 0 1 0 2.1l-8.7 8.7zM12 5.5l2.5 2.5',
  person: 'M10 3.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM4 16.5c.8-3 3-4.5 6-4.5s5.2 1.5 6 4.5',
  release: 'M7 4 3.5 7.5 7 11M3.5 7.5H12a4.5 4.5 0 0 1 0 9H8',
  takeOver: 'M3.5 7h12M12 3.5 15.5 7 12 10.5M16.5 13h-12M8 9.5 4.5 13 8 16.5',
  tray: 'M3 11.5 5.5 4h9l2.5 7.5v5H3zM3 11.5h4l1 2h4l1-2h4',
} as const;

export type DeskIconName = keyof typeof SHAPES;

/** A picture beside words or in a button that has a name of its own; screen readers pass over it. */
@Component({
  selector: 'admin-icon',
  template: `
    <svg viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path [attr.d]="shape()" />
    </svg>
  `,
  styles: `
    :host {
      display: inline-flex;
      flex: none;
    }
    svg {
      width: 1.25em;
      height: 1.25em;
      fill: none;
      stroke: currentcolor;
      stroke-width: 1.6;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
  `,
})
export class DeskIcon {
  readonly name = input.required<DeskIconName>();
  protected readonly shape = computed(() => SHAPES[this.name()]);
}
