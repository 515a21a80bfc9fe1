package builtin

import (
	"github.com/pegmatitedb/pegmatite/internal/expr"
	"github.com/pegmatitedb/pegmatite/internal/geometry"
)

// The functions and operators of the geometric types (manual 9.11, geo_ops.c),
// a table for each type. Those of two types are in the table of the larger one.

type calc = geometry.Calc

var pointImpls = impls{
	"construct_point": of2(geometry.MakePoint),
	"point_left":      of2(geometry.Point.LeftOf), "point_right": of2(geometry.Point.RightOf),
	"point_above": of2(geometry.Point.Above), "point_below": of2(geometry.Point.Below),
	"point_vert": of2(geometry.Point.UprightWith), "point_horiz": of2(geometry.Point.LevelWith),
	"point_eq": of2(geometry.Point.Same), "point_ne": of2(geometry.Point.Differs),
	"point_add": computed2((*calc).PointAdd), "point_sub": computed2((*calc).PointSub),
	"point_mul": computed2((*calc).PointMul), "point_div": computed2((*calc).PointDiv),
	"point_distance": computed2((*calc).PointDistance), "point_slope": computed2((*calc).Slope),
}

var lineImpls = impls{
	"line_construct_pp": computed2((*calc).LineThrough),
	"line_intersect":    computed2((*calc).LinesIntersect), "line_parallel": computed2((*calc).LinesParallel),
	"line_perp":     computed2((*calc).LinesPerpendicular),
	"line_vertical": of(geometry.Line.Upright), "line_horizontal": of(geometry.Line.Level),
	"line_eq": computed2((*calc).SameLine), "line_distance": computed2((*calc).LinesDistance),
	"line_interpt": computed2((*calc).LinesMeet),
	"dist_lp":      computed2((*calc).LinePointDistance), "dist_pl": turned(computed2((*calc).LinePointDistance)),
	"on_pl": turned(computed2((*calc).LineHas)), "close_pl": turned(computed2((*calc).LineClosest)),
}

var lsegImpls = impls{
	"lseg_construct": of2(geometry.MakeLSeg),
	"lseg_intersect": computed2((*calc).LSegsIntersect), "lseg_parallel": computed2((*calc).LSegsParallel),
	"lseg_perp":     computed2((*calc).LSegsPerpendicular),
	"lseg_vertical": of(geometry.LSeg.Upright), "lseg_horizontal": of(geometry.LSeg.Level),
	"lseg_eq": of2(geometry.LSeg.Same), "lseg_ne": of2(geometry.LSeg.Differs),
	"lseg_lt": measured((*calc).LSegLength, geometry.Less), "lseg_le": measured((*calc).LSegLength, geometry.AtMost),
	"lseg_gt": measured((*calc).LSegLength, above), "lseg_ge": measured((*calc).LSegLength, atLeast),
	"lseg_length": computed((*calc).LSegLength), "lseg_center": computed((*calc).LSegCenter),
	"lseg_distance": computed2((*calc).LSegsDistance), "lseg_interpt": computed2((*calc).LSegsMeet),
	"dist_sp": computed2((*calc).LSegPointDistance), "dist_ps": turned(computed2((*calc).LSegPointDistance)),
	"dist_sl": computed2((*calc).LSegLineDistance), "dist_ls": turned(computed2((*calc).LSegLineDistance)),
	"on_ps": turned(computed2((*calc).LSegHas)), "on_sl": turned(computed2((*calc).LineHasSegment)),
	"inter_sl": computed2((*calc).LSegCrossesLine),
	"close_ps": turned(computed2((*calc).LSegClosest)), "close_lseg": computed2((*calc).LSegClosestToLSeg),
	"close_ls": turned(computed2((*calc).LSegClosestToLine)),
}

var boxImpls = impls{
	"points_box": of2(geometry.BoxOf), "point_box": of(geometry.Point.Box), "boxes_bound_box": of2(geometry.Bounding),
	"box_same": of2(geometry.Box.Same), "box_overlap": of2(geometry.Box.Overlaps),
	"box_contain": of2(geometry.Box.Contains), "box_contained": of2(geometry.Box.ContainedIn),
	"box_left": of2(geometry.Box.LeftOf), "box_right": of2(geometry.Box.RightOf),
	"box_below": of2(geometry.Box.Below), "box_above": of2(geometry.Box.Above),
	"box_overleft": of2(geometry.Box.NotRightOf), "box_overright": of2(geometry.Box.NotLeftOf),
	"box_overbelow": of2(geometry.Box.NotAbove), "box_overabove": of2(geometry.Box.NotBelow),
	"box_below_eq": of2(geometry.Box.BelowOrTouching), "box_above_eq": of2(geometry.Box.AboveOrTouching),
	"box_eq": measured((*calc).BoxArea, geometry.Near),
	"box_lt": measured((*calc).BoxArea, geometry.Less), "box_le": measured((*calc).BoxArea, geometry.AtMost),
	"box_gt": measured((*calc).BoxArea, above), "box_ge": measured((*calc).BoxArea, atLeast),
	"box_area": computed((*calc).BoxArea), "box_width": computed((*calc).BoxWidth), "box_height": computed((*calc).BoxHeight),
	"box_center": computed((*calc).BoxCenter), "box_distance": computed2((*calc).BoxesDistance),
	"box_intersect": of2(geometry.Box.Intersection), "box_diagonal": of(geometry.Box.Diagonal),
	"box_poly": of(geometry.Box.Polygon), "box_circle": computed((*calc).BoxCircle),
	"box_add": computed2((*calc).BoxAdd), "box_sub": computed2((*calc).BoxSub),
	"box_mul": computed2((*calc).BoxMul), "box_div": computed2((*calc).BoxDiv),
	"box_contain_pt": of2(geometry.Box.Has), "on_pb": turned(of2(geometry.Box.Has)), "on_sb": turned(of2(geometry.Box.HasSegment)),
	"inter_sb": turned(computed2((*calc).BoxMeetsLSeg)), "inter_lb": computed2((*calc).LineCrossesBox),
	"dist_bp": computed2((*calc).BoxPointDistance), "dist_pb": turned(computed2((*calc).BoxPointDistance)),
	"dist_bs": computed2((*calc).BoxLSegDistance), "dist_sb": turned(computed2((*calc).BoxLSegDistance)),
	"close_pb": turned(computed2((*calc).BoxClosest)), "close_sb": turned(computed2((*calc).BoxClosestToLSeg)),
}

var pathImpls = impls{
	"path_n_eq": counted(expr.CompareEQ), "path_n_lt": counted(expr.CompareLT), "path_n_le": counted(expr.CompareLE),
	"path_n_gt": counted(expr.CompareGT), "path_n_ge": counted(expr.CompareGE), "path_npoints": of(geometry.Path.Len),
	"path_isclosed": of(geometry.Path.IsClosed), "path_isopen": of(geometry.Path.IsOpen),
	"path_close": of(geometry.Path.Close), "path_open": of(geometry.Path.Open),
	"path_add":    of2(geometry.Path.Joined),
	"path_add_pt": computed2((*calc).PathAdd), "path_sub_pt": computed2((*calc).PathSub),
	"path_mul_pt": computed2((*calc).PathMul), "path_div_pt": computed2((*calc).PathDiv),
	"path_area": computed((*calc).PathArea), "path_length": computed((*calc).PathLength), "path_poly": computed((*calc).PathPolygon),
	"path_inter": computed2((*calc).PathsIntersect), "path_distance": computed2((*calc).PathsDistance),
	"dist_pathp": computed2((*calc).PathPointDistance), "dist_ppath": turned(computed2((*calc).PathPointDistance)),
	"on_ppath": turned(computed2((*calc).PathHas)), "path_contain_pt(path,point)": computed2((*calc).PathHas),
}

var polygonImpls = impls{
	"poly_left": of2(geometry.Polygon.LeftOf), "poly_right": of2(geometry.Polygon.RightOf),
	"poly_below": of2(geometry.Polygon.Below), "poly_above": of2(geometry.Polygon.Above),
	"poly_overleft": of2(geometry.Polygon.NotRightOf), "poly_overright": of2(geometry.Polygon.NotLeftOf),
	"poly_overbelow": of2(geometry.Polygon.NotAbove), "poly_overabove": of2(geometry.Polygon.NotBelow),
	"poly_same": computed2((*calc).SamePolygon), "poly_overlap": computed2((*calc).PolygonsOverlap),
	"poly_contain": computed2((*calc).PolygonContains), "poly_contained": turned(computed2((*calc).PolygonContains)),
	"poly_contain_pt": computed2((*calc).PolygonHas), "pt_contained_poly": turned(computed2((*calc).PolygonHas)),
	"poly_npoints": of(geometry.Polygon.Len), "poly_box": of(geometry.Polygon.Box), "poly_path": of(geometry.Polygon.Path),
	"poly_center": computed((*calc).PolygonCenter), "poly_circle": computed((*calc).PolygonCircle),
	"poly_distance": computed2((*calc).PolygonsDistance),
	"dist_polyp":    computed2((*calc).PolygonPointDistance), "dist_ppoly": turned(computed2((*calc).PolygonPointDistance)),
}

var circleImpls = impls{
	"cr_circle": of2(geometry.MakeCircle), "circle_center": of(geometry.Circle.Middle), "circle_radius": of(geometry.Circle.Size),
	"circle_same": of2(geometry.Circle.Same),
	"circle_left": computed2((*calc).CircleLeftOf), "circle_right": computed2((*calc).CircleRightOf),
	"circle_below": computed2((*calc).CircleBelow), "circle_above": computed2((*calc).CircleAbove),
	"circle_overleft": computed2((*calc).CircleNotRightOf), "circle_overright": computed2((*calc).CircleNotLeftOf),
	"circle_overbelow": computed2((*calc).CircleNotAbove), "circle_overabove": computed2((*calc).CircleNotBelow),
	"circle_overlap": computed2((*calc).CirclesOverlap),
	"circle_contain": computed2((*calc).CircleContains), "circle_contained": turned(computed2((*calc).CircleContains)),
	"circle_contain_pt": computed2((*calc).CircleHas), "pt_contained_circle": turned(computed2((*calc).CircleHas)),
	"circle_eq": measured((*calc).CircleArea, geometry.Near), "circle_ne": measured((*calc).CircleArea, geometry.Apart),
	"circle_lt": measured((*calc).CircleArea, geometry.Less), "circle_le": measured((*calc).CircleArea, geometry.AtMost),
	"circle_gt": measured((*calc).CircleArea, above), "circle_ge": measured((*calc).CircleArea, atLeast),
	"circle_area": computed((*calc).CircleArea), "circle_diameter": computed((*calc).CircleDiameter),
	"circle_add_pt": computed2((*calc).CircleAdd), "circle_sub_pt": computed2((*calc).CircleSub),
	"circle_mul_pt": computed2((*calc).CircleMul), "circle_div_pt": computed2((*calc).CircleDiv),
	"circle_distance": computed2((*calc).CirclesDistance),
	"dist_cpoint":     computed2((*calc).CirclePointDistance), "dist_pc": turned(computed2((*calc).CirclePointDistance)),
	"dist_cpoly": computed2((*calc).CirclePolygonDistance), "dist_polyc": turned(computed2((*calc).CirclePolygonDistance)),
	"circle_box": computed((*calc).CircleBox), "circle_poly": computed2((*calc).CirclePolygon),
	"polygon(circle)": computed((*calc).CircleAsPolygon),
}
