import { DialogRef } from '@angular/cdk/dialog';
import { Component, inject } from '@angular/core';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import { ShortcutKeys } from './shortcut-keys.js';
import { SHORTCUTS } from './shortcut.js';

/** All keys of the inbox, in a dialog. */
@Component({
  selector: 'admin-shortcut-list',
  template: `
    <h2 id="shortcut-list">{{ texts.say('shortcuts.title') }}</h2>
    <dl>
      <div>
        <dt><kbd>↑</kbd> <kbd>↓</kbd></dt>
        <dd>{{ texts.say('shortcuts.move') }}</dd>
      </div>
      <div>
        <dt>
          <kbd>{{ enter }}</kbd>
        </dt>
        <dd>{{ texts.say('shortcuts.open') }}</dd>
      </div>
      @for (shortcut of shortcuts; track shortcut.name) {
        <div>
          <dt>
            <kbd>{{ shortcut.key }}</kbd>
          </dt>
          <dd>{{ texts.say('shortcuts.' + shortcut.name) }}</dd>
        </div>
      }
    </dl>
    <label>
      <input type="checkbox" [checked]="keys.areOn()" (change)="keys.turn(box.checked)" #box />
      {{ texts.say('shortcuts.on') }}
    </label>
    <button type="button" class="button" cdkFocusInitial (click)="dialog.close()">
      {{ texts.say('shortcuts.done') }}
    </button>
  `,
  styleUrl: './shortcut-list.css',
})
export class ShortcutList {
  protected readonly texts = inject(Texts);
  protected readonly dialog = inject(DialogRef);
  protected readonly keys = inject(ShortcutKeys);
  /** As it stands on keyboards, in every language. */
  protected readonly enter = 'Enter';
  protected readonly shortcuts = SHORTCUTS;
}
