import { DestroyRef, Directive, effect, inject, input, untracked, ViewContainerRef } from '@angular/core';
import type { Binding, Type } from '@angular/core';

export interface LaterPart {
  readonly component: Type<unknown>;
  readonly bindings: Binding[];
}

/** How long until it is asked for again, in milliseconds. */
const AGAIN_MS = 5_000;

/**
 * A part of the page that most visits do without: its program comes when it is first needed, and it stays from then on.
 * While it is out of reach it is asked for again.
 */
@Directive({ selector: '[chatLater]' })
export class Later {
  readonly load = input.required<() => Promise<LaterPart>>({ alias: 'chatLater' });
  readonly isNeeded = input.required<boolean>();

  private readonly place = inject(ViewContainerRef);
  private hasBegun = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isGone = false;

  constructor() {
    effect(() => {
      if (!this.isNeeded() || this.hasBegun) return;
      this.hasBegun = true;
      void untracked(() => this.show());
    });
    inject(DestroyRef).onDestroy(() => {
      this.isGone = true;
      clearTimeout(this.timer);
    });
  }

  private async show(): Promise<void> {
    try {
      const { component, bindings } = await this.load()();
      if (!this.isGone) this.place.createComponent(component, { bindings });
    } catch {
      if (!this.isGone) this.timer = setTimeout(() => void this.show(), AGAIN_MS);
    }
  }
}
