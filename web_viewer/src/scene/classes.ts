import type { ElementColumns } from './types'

/** Classes that stand in the way of seeing what is inside; a subclass counts by its prefix. */
const ENVELOPE = [
  'IfcWall', 'IfcSlab', 'IfcRoof', 'IfcCurtainWall', 'IfcCovering', 'IfcWindow', 'IfcDoor', 'IfcPlate',
  'IfcMember', 'IfcBeam', 'IfcColumn', 'IfcFooting', 'IfcPile', 'IfcRailing', 'IfcBuildingElementProxy',
  'IfcBuiltElement', 'IfcStair', 'IfcRamp', 'IfcShadingDevice', 'IfcChimney', 'IfcBuildingElementPart',
  'IfcElementAssembly', 'IfcReinforc', 'IfcTendon',
]

/** What the x-ray ghosts: `(elementCount,)` 1 for envelope and structure, 0 for devices, furniture and spaces. */
export function envelopeMask(columns: ElementColumns): Uint8Array {
  const isEnvelope = columns.classNames.map((name) => ENVELOPE.some((prefix) => name.startsWith(prefix)))
  return Uint8Array.from(columns.classIndex, (c) => (isEnvelope[c] ? 1 : 0))
}

/** What a cut through a storey leaves whole: `(elementCount,)` 1 for neither envelope nor space. */
export function contentMask(columns: ElementColumns): Uint8Array {
  const envelope = envelopeMask(columns)
  const space = spaceMask(columns)
  return envelope.map((e, i) => (e || space[i] ? 0 : 1))
}

/** `(elementCount,)` 1 for IfcSpace. */
export function spaceMask(columns: ElementColumns): Uint8Array {
  const isSpace = columns.classNames.map((name) => name === 'IfcSpace')
  return Uint8Array.from(columns.classIndex, (c) => (isSpace[c] ? 1 : 0))
}
