import type { Component } from 'vue'
import type { RouteRecordRaw } from 'vue-router'

import type { Locale } from '@/logic/format'
import type { RoleName } from '@/logic/roles'
import type { IconName } from '@/ui/icons'

import { account } from './account'
import { alarms } from './alarms'
import { booking } from './booking'
import { bridge } from './bridge'
import { changes } from './changes'
import { devices } from './devices'
import { energy } from './energy'
import { guide } from './guide'
import { incidents } from './incidents'
import { ops } from './ops'
import { timeline } from './timeline'
import { video } from './video'

type Load = () => Promise<Component>

/** Texts of a panel under `panel.<id>`; `title` names it in the dock. */
export interface Messages {
  readonly title: string
  readonly [key: string]: string | Messages | Readonly<Record<string, string>>
}

/** The texts of a panel in each language of the interface. */
export type PanelTexts = Readonly<Record<Locale, Messages>>

/**
 * A business feature over the twin: one folder of its own below `src/panels/`, one line in `PANELS`.
 *
 * Its parts are loaded when they are first shown, so that a panel costs the first picture nothing.
 */
export interface TwinPanel {
  readonly id: string
  readonly icon: IconName
  /** The least role that sees its parts; operators and all above when left out. */
  readonly role?: RoleName
  /** Its texts, loaded with the first page that shows it. */
  readonly messages: () => Promise<PanelTexts>
  /** Shown at the right of the desk, and in the phone's sheet, when chosen in the dock. */
  readonly desk?: Load
  /** Always over the scene, on desk, wall and phone: pins, bars, toasts. */
  readonly overlay?: Load
  /** In the panel of the picked element, below its buttons. */
  readonly element?: Load
  /** In the detail of an alarm, which it is given as `alarm`, below its buttons. */
  readonly alarm?: Load
  /** A column of the wall. */
  readonly wall?: Load
  /** Pages of its own. */
  readonly routes?: readonly RouteRecordRaw[]
}

/** The registered panels, in the order of the dock. */
export const PANELS: readonly TwinPanel[] = [alarms, video, ops, energy, timeline, incidents, account, guide, booking, changes, devices, bridge]

/** Pages of some panels, each with its panel in `meta`, whose texts it needs. */
export function panelRoutes(panels: readonly TwinPanel[]): RouteRecordRaw[] {
  return panels.flatMap((panel) => (panel.routes ?? []).map((route) => ({ ...route, meta: { ...route.meta, panel: panel.id } })))
}
