// How does the page look? Quiet: one column to read, one measure, system letters, colour only where it says something.
//
// Light and dark by the reader's system or choice; on paper light. Contrast is AA in both (tested by axe-core in a browser).
// Pictures bring their own colours (diagram/theme.ts), which are turned here together with the rest.

import { DARK_RULES } from "../../diagram/theme.ts";

interface Palette {
  paper: string;
  raised: string;
  ink: string;
  faint: string;
  line: string;
  link: string;
  critical: string;
  high: string;
  medium: string;
  low: string;
  info: string;
  good: string;
  /** Text on a badge. */
  onBadge: string;
}

const LIGHT: Palette = {
  paper: "#ffffff",
  raised: "#f5f6f8",
  ink: "#1b1f24",
  faint: "#57606a",
  line: "#dfe3e8",
  link: "#075a96",
  critical: "#b3261e",
  high: "#b54708",
  medium: "#866000",
  low: "#2b6797",
  info: "#57606a",
  good: "#00704f",
  onBadge: "#ffffff",
};

const DARK: Palette = {
  paper: "#16191d",
  raised: "#1f242a",
  ink: "#e8eaed",
  faint: "#a3adb8",
  line: "#343b43",
  link: "#7cc8f2",
  critical: "#ff8a80",
  high: "#ff9d5c",
  medium: "#f0b429",
  low: "#7cc8f2",
  info: "#a3adb8",
  good: "#2fbf95",
  onBadge: "#16191d",
};

const variables = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, value]) => `--${name.toLowerCase()}:${value};`)
    .join("");

const DARK_WHEN = {
  system: ':root:not([data-theme="light"])',
  chosen: ':root[data-theme="dark"]',
} as const;

const darkUnder = (root: string): string =>
  `${root}{color-scheme:dark;${variables(DARK)}}${DARK_RULES.replace(/\.[fs]-[a-z_0-9]+\{/g, `${root} $&`)}`;

const COLOURS = `
:root{color-scheme:light;${variables(LIGHT)}}
@media screen and (prefers-color-scheme:dark){${darkUnder(DARK_WHEN.system)}}
@media screen{${darkUnder(DARK_WHEN.chosen)}}
`;

const BASE = `
*{box-sizing:border-box}
html{font:400 1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",Helvetica,Arial,sans-serif;
 -webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-padding-top:1.5rem}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:break-word}
h1,h2,h3,h4{line-height:1.25;margin:0;text-wrap:balance;font-weight:650}
h1{font-size:clamp(1.45rem,1.1rem + 1.6vw,2.1rem);letter-spacing:-.018em;max-width:32ch;overflow-wrap:anywhere}
h2{font-size:1.3rem;letter-spacing:-.01em;margin-bottom:1rem}
h2 small{font-size:.875rem;font-weight:400;color:var(--faint);letter-spacing:0;margin-left:.5rem}
h3{font-size:1.05rem}
h4,.minor{font-size:.9375rem;margin:1.25rem 0 .4rem}
p,ul,ol,dl{margin:0 0 .8rem}
p,li{max-width:70ch}
ul{padding-left:1.2rem;list-style-type:disc}
li{margin-bottom:.35rem}
li::marker{color:var(--faint)}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
pre,code,kbd{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;font-size:.8125rem;line-height:1.5}
kbd{border:1px solid var(--line);border-radius:4px;padding:0 .35em;background:var(--raised)}
small{font-size:.8125rem}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.skip{position:absolute;left:1rem;top:-4rem;background:var(--paper);padding:.5rem .8rem;z-index:2}
.skip:focus{top:.5rem}
[hidden]{display:none!important}
.note,.more{color:var(--faint);font-size:.875rem}
`;

const FRAME = `
.top,.columns,.foot{max-width:81rem;margin:0 auto;padding:0 1.5rem}
.top{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem;padding-top:1rem;padding-bottom:1rem}
.brand{display:flex;align-items:center;gap:.5rem;margin:0;font-weight:650}
.brand span{font-weight:400;color:var(--faint)}
.mark path{fill:none;stroke-width:3;stroke:var(--low)}
.mark .ajar{stroke:var(--high);stroke-dasharray:2.5 2}
.controls{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center}
.choice{display:flex;border:1px solid var(--line);border-radius:6px;margin:0;padding:0}
.choice label{position:relative;font-size:.8125rem;cursor:pointer}
.choice label:not(:last-of-type) span{border-right:1px solid var(--line)}
.choice input{position:absolute;opacity:0;inset:0;margin:0;cursor:pointer}
.choice span{display:block;padding:.3rem .7rem;color:var(--faint)}
.choice input:checked+span{background:var(--raised);color:var(--ink);font-weight:600}
.choice input:focus-visible+span{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
button,select,input[type=search]{font:inherit;font-size:.8125rem;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:.3rem .7rem;min-height:1.9rem}
button{cursor:pointer}
button:hover{background:var(--raised)}
select,input[type=search]{border-color:var(--faint)}
.columns{display:grid;grid-template-columns:minmax(0,1fr);gap:0 2.5rem}
.contents ul{list-style:none;padding:0;margin:0 0 .6rem;display:flex;gap:.2rem 1.1rem;font-size:.875rem;overflow-x:auto}
.contents li{margin:0;white-space:nowrap}
.contents a{color:var(--faint);text-decoration:none;display:inline-block;padding:.2rem 0}
.contents a:hover{color:var(--ink);text-decoration:underline}
main{min-width:0}
main>section{margin-bottom:3.5rem}
.foot{border-top:1px solid var(--line);padding-top:1rem;padding-bottom:2rem;color:var(--faint);font-size:.875rem}
@media (min-width:68rem){
 .columns{grid-template-columns:10rem minmax(0,1fr)}
 .contents{position:sticky;top:0;align-self:start;padding-top:1.6rem;max-height:100vh;overflow:auto}
 .contents ul{display:block;overflow:visible}
 .contents a{padding:.25rem 0}
}
@media (max-width:30rem){.top,.columns,.foot{padding-left:1rem;padding-right:1rem}.keys>div{padding:.6rem .7rem}.keys dd{font-size:.9375rem}.keys small{font-size:.75rem}}
`;

const ANSWER = `
.answer{border-top:4px solid var(--tone);padding-top:1.5rem}
.answer,.badge,.finding{--tone:var(--info)}
.critical{--tone:var(--critical)!important}.high{--tone:var(--high)!important}.medium{--tone:var(--medium)!important}
.low{--tone:var(--low)!important}.ok{--tone:var(--good)!important}
.badge{display:inline-block;background:var(--tone);color:var(--onbadge);font-size:.75rem;font-weight:650;line-height:1.5;padding:.05rem .55rem;border-radius:1rem;vertical-align:.12em;letter-spacing:.01em}
.eyebrow{color:var(--faint);font-size:.875rem;margin-bottom:.7rem;max-width:none}
.eyebrow .badge{margin-right:.4rem}
.summary{font-size:1.0625rem;margin-top:1rem;max-width:72ch}
.caution{border-left:4px solid var(--medium);padding:.4rem .8rem;background:var(--raised)}
.keys{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:1px;margin:1.5rem 0;background:var(--line);border:1px solid var(--line);border-radius:8px;overflow:hidden}
.keys>div{background:var(--paper);padding:.75rem 1rem}
.keys dt{color:var(--faint);font-size:.8125rem}
.keys dd{margin:0;font-weight:650;font-size:1.0625rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.keys small{display:block;font-weight:400;color:var(--faint);line-height:1.4;margin-top:.15rem}
`;

const CHAIN = `
.chain{list-style:none;padding:0;margin:0;border-left:2px solid var(--line);margin-left:.45rem}
.chain>li{position:relative;padding:0 0 1.2rem 1.6rem;margin:0;max-width:none}
.chain>li::before{content:"";position:absolute;left:-.45rem;top:.42rem;width:.8rem;height:.8rem;border-radius:50%;background:var(--paper);border:3px solid var(--faint)}
.chain>.cause::before{border-color:var(--critical);background:var(--critical)}
.chain>.mechanism::before{border-color:var(--high)}
.when{margin:0;color:var(--faint);font-size:.875rem;font-variant-numeric:tabular-nums}
.role{margin-left:.4rem;font-weight:600}
.cause .role{color:var(--critical)}.mechanism .role{color:var(--high)}
.what{margin:0 0 .3rem;font-weight:600}
.refs{margin:0 0 .3rem;font-size:.875rem;display:flex;flex-wrap:wrap;gap:.2rem 1.2rem}
`;

const FINDINGS = `
.bar{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;margin-bottom:1rem;font-size:.875rem}
.bar label{display:flex;align-items:center;gap:.4rem}
article.finding{border-top:1px solid var(--line);padding:1.4rem 0 1rem}
article.finding h3{margin-bottom:.6rem}
article.finding h3 .badge{margin-right:.35rem}
.metrics{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.15rem 2rem;margin:.9rem 0;font-size:.875rem}
.metrics>div{display:flex;justify-content:space-between;gap:1rem;border-bottom:1px solid var(--line);padding:.2rem 0}
.metrics>.wide{grid-column:1/-1}
.metrics dt{color:var(--faint)}
.metrics dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:anywhere;min-width:0}
.bars{max-width:44rem;margin:.8rem 0}
.bars svg{display:block;width:100%;height:2.5rem;border-bottom:1px solid var(--line)}
.bars rect{fill:var(--tone)}
.bars p{display:flex;justify-content:space-between;gap:1rem;max-width:none;margin:.2rem 0 0;color:var(--faint);font-size:.8125rem;font-variant-numeric:tabular-nums}
.fold{margin:.5rem 0}
summary{cursor:pointer;color:var(--link);font-size:.9375rem;padding:.15rem 0;width:fit-content;max-width:100%}
summary:hover{text-decoration:underline}
.inside{border-left:2px solid var(--line);padding:.4rem 0 .2rem 1rem;margin:.3rem 0 .6rem .3rem}
.inside li{font-size:.9375rem}
.lead-in{margin:.7rem 0 .25rem;font-size:.875rem;color:var(--faint)}
.code{display:flex;align-items:flex-start;gap:.5rem;background:var(--raised);border-radius:6px;padding:.5rem .6rem;max-width:58rem}
.code pre{flex:1;min-width:0;margin:0;padding:.2rem 0;white-space:pre-wrap;overflow-wrap:anywhere}
.code .copy{flex:none}
`;

const PICTURES = `
.figure{margin:0 0 2.2rem}
figcaption{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.1rem 1rem;align-items:center;margin-bottom:.6rem}
figcaption strong{font-weight:650}
figcaption span{color:var(--faint);font-size:.9375rem;max-width:80ch;grid-row:2;grid-column:1/-1}
.scroll{overflow-x:auto;max-width:100%}
.drawing{border:1px solid var(--line);border-radius:8px;background:var(--paper);padding:.6rem}
.drawing svg{display:block;max-width:none}
.drawing.narrow svg{max-width:max(100%,52rem);height:auto}
.drawing.medium svg{max-width:max(100%,60rem);height:auto}
.words pre{margin:0;line-height:1.3}
table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;color:var(--faint);padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);font-weight:400}
thead th{color:var(--faint);font-size:.8125rem;white-space:nowrap}
tbody th{font-weight:600}
.n{text-align:right;white-space:nowrap}
.scroll:has(>table){margin-bottom:1rem}
.enlarged{width:96vw;height:94vh;max-width:none;max-height:none;border:1px solid var(--line);border-radius:10px;background:var(--paper);color:var(--ink);padding:1rem}
.enlarged::backdrop{background:rgb(0 0 0/.55)}
.enlarged[open]{display:flex;flex-direction:column}
.enlarged h2{flex:1;margin:0;font-size:1rem;min-width:12rem}
.stage{flex:1;overflow:auto}
.stage svg{display:block;max-width:none}
`;

const MEDIA = `
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media print{
 @page{margin:16mm 14mm}
 html{font-size:10pt}
 .top .controls,.contents,.bar,.copy,.enlarge,.skip,#keys-note,.words,.chain .fold,.chain .refs,dialog{display:none!important}
 .columns{display:block}
 .top,.columns,.foot{padding-left:0;padding-right:0;max-width:none}
 details::details-content{content-visibility:visible;display:block}
 summary{color:var(--faint)}
 h1,h2,h3,h4,figcaption,summary,.inside li{font-size:.9375rem}
.lead-in{break-after:avoid}
 .keys,.code,.chain>li>p,tr,.metrics,.bars{break-inside:avoid}
 .finding h3,.finding h3+p{break-inside:avoid;break-after:avoid}
 .scroll{overflow:visible}
 .drawing{border:0;padding:0}
 .drawing.narrow svg,.drawing.medium svg,.drawing.wide svg{max-width:100%;max-height:240mm;height:auto}
 a{color:inherit}
 .badge{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
`;

/** White space at the ends of lines is of no use to a browser. */
export const PAGE_STYLE = [COLOURS, BASE, FRAME, ANSWER, CHAIN, FINDINGS, PICTURES, MEDIA]
  .join("")
  .replace(/\n\s*/g, "\n");
