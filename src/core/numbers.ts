// How are whole numbers written for people? "9,640". Not by Intl: loading its data costs more than most analyses.

export const formatWhole = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
