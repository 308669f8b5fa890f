"""A small synthetic book with a row in every table, as the files that a user would write."""

from pathlib import Path

SETTINGS = """\
title = "模拟数据:两个社区"
region = ["3601"]
plan_years = [2027, 2028]
as_of = 2026-06-30
datum = "CGCS2000"
data_kind = "synthetic"

[factors]
discount_percent = 95

[factors.basis]
discount_percent = "会议纪要"
"""

SCENARIO = '# 规则\n[[rules]]\nkind = "pin"\n'

FILES = {
    "communities": """\
id,name,city_code,city,county_code,county,street_code,street,lon,lat,population,households,elders_65p,elders_60p
360102001001,甲社区,3601,南昌市,360102,东湖区,360102001,百花洲街道,115.89,28.68,5000,2000,600,900
360102001002,"乙社区,二期",3601,南昌市,360102,东湖区,360102001,百花洲街道,115.9,28.69,4000,1500,,
""",
    "neighbourhoods": """\
id,community,name,built_year,households,floor_area,tenure,renewed_types
X1,360102001001,一号小区,1995,300,25000.5,房改房,F15;R02
X2,360102001002,二号小区,2003,200,,commodity,
""",
    "facilities": """\
id,community,neighbourhood,service_type,quantity,quality,applicable,lon,lat,surveyed
S1,360102001001,X1,F01,250.25,70,,115.891,28.681,2026-03-01
S2,360102001002,,F02,,,否,,,2026/3/5
""",
    "complaints": """\
id,community,neighbourhood,service_type,event,number,severity,date,text
C1,360102001001,X1,F15,E1,3,4,2026-05-01,"电梯坏了,
打电话 13800000000"
C2,360102001002,,F16,,,,2026-05-02,=停车难
""",
    "consultations": """\
id,community,neighbourhood,service_type,date,form,asked,answered,rank,agreeing_households,notice_from,notice_to
K1,360102001001,X1,F15,2026-05-20,表决,300,250,1,80.5,2026-05-21,2026-05-28
""",
    "needs": """\
id,community,neighbourhood,service_type,need_class,judgement,level,quantity,lots,group_served,people,urgency,status
N1,360102001001,X1,F15,special,none,0,1,1,elders,600,8,to_match
N2,360102001002,,F16,专项整治类,有而不够,1,20.5,2,有车居民,900,5,储备
""",
    "sites": """\
id,name,kind,use,county_code,community,lon,lat,area,floor,floors,rent,free_from,free_until,conversion_cost,change_to
L1,旧办公楼,building,闲置办公用房,360102,360102001001,115.892,28.682,800.5,1,3,2.5,2027,2030,12.3456,F01;F02
""",
    "funds": """\
id,fund_type,name,level,payer,account,budget_2027,预算_2028,eligible_types,eligible_programmes,places,share_cap,unit_sums,exclusive_with,smallest_grant
M1,CB_OLD,中央补助,central,P1,general,100,80.5,F15;F16,resilience;facilities,3601;360102,60,,M2;CI_OLD,1
M2,COUNTY,区财政,county,P1,一般公共预算,50.0001,0,,,,,F15=13.5;F04=1,,
""",
    "payers": """\
id,name,level,place,ceiling_2027,ceiling_2028,debt_quota
P1,东湖区,county,360102,10,,500
""",
    "policies": """\
id,name,kind,places,service_types,site_uses,number_2027,effect
Z1,一事一议,permit_case,3601,F01,闲置办公用房;空地,2,
""",
    "operators": """\
id,name,service_types,places,number,capital_share,subsidy,rent_paid
O1,社会组织,F01;F02,360102,3,10,1.5,0
""",
    "service_types": """\
id,name_zh,programme,need_class,metric_kind,metric_unit,denominator,threshold_exists,enough_city_override,divisible,lot_size,group_served,urgency_default,safety
T99,书中新增类型,facilities,special,supply,count,residents,1,3601=12.5,yes,1,all,3,no
""",
    "measures": """\
id,service_type,name_zh,level_reached,unit,metric_per_unit,capex_wan_per_unit_low,capex_wan_per_unit_typ,capex_wan_per_unit_high,site_kind,spend_profile,eligible_share_by_fund
T99a,T99,书中新增措施,enough,count,1,1,2.5,3,none,60/37/3,CB_OLD=0.85;COUNTY=1
""",
    "uses": """\
id,site_use,site_kind,service_type,allowed
闲置办公用房|T99,闲置办公用房,building,T99,须变更用途
""",
    "projects": """\
id,name,community,site,needs,components,delivered,store,cost,planned_start,planned_finish,operator
J1,旧办公楼改造,360102001001,L1,N1;N2,F01a=2,F01=250.5,实施,99.9999,2027-03-01,2027-12-01,O1
""",
    "payments": """\
id,project,fund,budget_year,date,kind,amount_fen
Y1,J1,M1,2027,2027-04-01,下达,99999999999
""",
    "listings": """\
id,community,programme,year,category,money_received
W1,360102001001,好社区试点,2025,示范类,20
""",
}


def write_small_book(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """Write the small book into a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "book.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    for name, text in FILES.items():
        if name not in without:
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder
