import { Injectable, signal } from '@angular/core';
import { KeptText } from '@energy-chat/client/angular/connection/kept-text.js';

/** Whether single keys act, remembered in this browser: speech input may press them by mistake (WCAG 2.1.4). */
@Injectable({ providedIn: 'root' })
export class ShortcutKeys {
  private readonly kept = new KeptText('localStorage', 'energy-chat/admin/shortcuts');
  private readonly on = signal(this.kept.read() !== 'off');
  readonly areOn = this.on.asReadonly();

  turn(on: boolean): void {
    this.on.set(on);
    this.kept.write(on ? 'on' : 'off');
  }
}
