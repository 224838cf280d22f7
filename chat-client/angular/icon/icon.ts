import { Component, computed, input } from '@angular/core';

/** Drawn on a square of 24, in strokes of 2. */
const PATHS = {
  chat: 'M4 5h16v11H9.5L5 20v-4H4z M8 9h8 M8 12h5',
  close: 'M6 6l12 12 M18 6L6 18',
  send: 'M4 12l16-8-5 16-3.5-6.5z M20 4l-8.5 9.5',
  down: 'M12 5v14 M6 13l6 6 6-6',
  up: 'M12 19V5 M6 11l6-6 6 6',
  fold: 'M5 9l7 7 7-7',
  clock: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16 M12 8v4.5l3 1.5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  'double-check': 'M2 12.5l4.5 4.5L16 7.5 M11.5 16.5l.5.5L21.5 7.5',
  alert: 'M12 4l9 16H3z M12 10v4.5 M12 17.2v.1',
  retry: 'M19 12a7 7 0 1 1-2.2-5.1 M19 3v4.5h-4.5',
  edit: 'M4 20l1-4L16 5l3 3L8 19z M13.5 7.5l3 3',
  remove: 'M5 7h14 M9 7V4.5h6V7 M7 7l1 13h8l1-13 M10.5 11v5.5 M13.5 11v5.5',
  offline: 'M4 4l16 16 M8.5 15.5a5 5 0 0 1 7 0 M5.5 12.2a9 9 0 0 1 4-2.3 M14.5 9.9a9 9 0 0 1 4 2.3 M12 19v.1',
  leave: 'M10 5H5v14h5 M14 8l4 4-4 4 M18 12H9',
  info: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16 M12 11v5 M12 8v.1',
  star: 'M12 4l2.5 5.2 5.7.7-4.2 3.9 1.1 5.7-5.1-2.9-5.1 2.9L8 13.8 3.8 9.9l5.7-.7z',
  devices: 'M3 5h13v8H3z M1.5 16.5h10 M17 9h5v10h-5z',
  bell: 'M12 3.5A5.5 5.5 0 0 0 6.5 9c0 5-2 6.5-2 6.5h15s-2-1.5-2-6.5A5.5 5.5 0 0 0 12 3.5 M10 19a2.1 2.1 0 0 0 4 0',
  'bell-off':
    'M6.5 9c0 5-2 6.5-2 6.5h11 M8.4 5A5.5 5.5 0 0 1 17.5 9c0 2.5.5 4.2 1 5.2 M10 19a2.1 2.1 0 0 0 4 0 M4 4l16 16',
  eye: 'M3 12c2.5-4.5 5.5-6.5 9-6.5s6.5 2 9 6.5c-2.5 4.5-5.5 6.5-9 6.5S5.5 16.5 3 12 M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5',
} as const;

export type IconName = keyof typeof PATHS;

/** An ornament: what it stands for is said in words beside it. */
@Component({
  selector: 'chat-icon',
  template: `<svg
    viewBox="0 0 24 24"
    aria-hidden="true"
    focusable="false"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    <path [attr.d]="path()" />
  </svg>`,
  styles: `
    :host {
      display: inline-flex;
      width: 1.25em;
      height: 1.25em;
      flex: none;
    }
    svg {
      width: 100%;
      height: 100%;
    }
  `,
})
export class Icon {
  readonly name = input.required<IconName>();
  protected readonly path = computed(() => PATHS[this.name()]);
}
